/** Browser-safe. How a model's outputs are compared, by the number in manifests, jobs and receipts. */
export const MODEL_CLASS = {
  /** Exact bytes of the WebAssembly engine. */
  canonical: 1,
  /** The same bytes, which a native engine may compute: of graphs that are proven to give them on any CPU. */
  exact: 2,
  /** One validator's output, which others attest to be within the model's bound of their own. */
  tolerance: 3,
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

/** Bounds of the class `tolerance` are whole multiples of 10^-9: no float is in the state. */
export const TOLERANCE_UNIT = 1_000_000_000;
/** A million. */
export const MAX_ABSOLUTE_TOLERANCE = 1_000_000 * TOLERANCE_UNIT;
/** As large as the number itself: beyond that its sign would say nothing. */
export const MAX_RELATIVE_TOLERANCE = TOLERANCE_UNIT;

/** Whether a job goes by an executor's output, and not by bytes that everyone must have alike. */
export function isTolerant({ class: code }: { readonly class: number }): boolean {
  return code === MODEL_CLASS.tolerance;
}
