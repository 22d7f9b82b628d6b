/** Browser-safe. How a model's outputs are compared, by the number in manifests, jobs and receipts. */
export const MODEL_CLASS = {
  /** Exact bytes of the WebAssembly engine. */
  canonical: 1,
  /** The same bytes, which a native engine may compute: of graphs that are proven to give them on any CPU. */
  exact: 2,
} as const;
export type ModelClassName = keyof typeof MODEL_CLASS;

export const MODEL_CLASS_NAMES = Object.keys(MODEL_CLASS) as readonly ModelClassName[];

/** @param text a class by name, or nothing, which is canonical. @returns undefined for any other text. */
export function classCode(text: string): number | undefined {
  const name = MODEL_CLASS_NAMES.find((each) => each === (text === "" ? "canonical" : text));
  return name === undefined ? undefined : MODEL_CLASS[name];
}

/** Empty for a number that is no class. */
export function className(code: number): ModelClassName | "" {
  return MODEL_CLASS_NAMES.find((name) => MODEL_CLASS[name] === code) ?? "";
}
