import type { ModelClassName } from "../../../modules/inference/classes.ts";
import { canonicalEngineId, exactEngineId } from "../../engine/engine-id.ts";
import { UserError } from "../../user-error.ts";
import { classTable, prove } from "../operator-table.ts";

/** Classes that a model can be registered in, each with the engine that its manifest names for life. */
const ENGINES = { canonical: canonicalEngineId, exact: exactEngineId } as const satisfies Partial<
  Record<ModelClassName, () => Uint8Array>
>;
export type RegisterClass = keyof typeof ENGINES;
export const REGISTER_CLASSES = Object.keys(ENGINES) as readonly RegisterClass[];

export function isRegisterClass(value: unknown): value is RegisterClass {
  return REGISTER_CLASSES.some((name) => name === value);
}

/** @throws UserError for a text that is no class. */
export function registerClass(text: string): RegisterClass {
  if (isRegisterClass(text)) return text;
  throw new UserError(`model register: --class is ${REGISTER_CLASSES.join(" or ")}, found "${text}"`);
}

export function engineOf(modelClass: RegisterClass): Uint8Array {
  return ENGINES[modelClass]();
}

/** @throws UserError that says operator by operator why a model is not fit for the class. */
export function requireClass(path: string, bytes: Uint8Array, modelClass: RegisterClass): void {
  if (modelClass !== "exact") return;
  const refused = prove(path, bytes).operators.filter(({ verdict }) => verdict === "refused");
  if (refused.length === 0) return;
  throw new UserError(
    [
      `${path} is not proven to give the same bits natively on every CPU, so that validators would refuse it as exact:`,
      ...classTable(refused),
      "register it as canonical (the default), or change these operators (node/engine/exactness/README.md)",
    ].join("\n"),
  );
}
