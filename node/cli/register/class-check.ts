import { MODEL_CLASS_NAMES, type ModelClassName, TOLERANCE_UNIT } from "../../../modules/inference/classes.ts";
import { canonicalEngineId, exactEngineId, toleranceEngineId } from "../../engine/engine-id.ts";
import { UserError } from "../../user-error.ts";
import { classTable, prove } from "../operator-table.ts";

/** The engine that a manifest names for life. */
const ENGINES: Readonly<Record<ModelClassName, () => Uint8Array>> = {
  canonical: canonicalEngineId,
  exact: exactEngineId,
  tolerance: toleranceEngineId,
};

export function isModelClass(value: unknown): value is ModelClassName {
  return MODEL_CLASS_NAMES.some((name) => name === value);
}

/** @throws UserError for a text that is no class. */
export function modelClassOf(text: string): ModelClassName {
  if (isModelClass(text)) return text;
  throw new UserError(`model register: --class is one of ${MODEL_CLASS_NAMES.join(", ")}, found "${text}"`);
}

/** A decimal with up to nine places, not negative: "0.001". */
const DECIMAL = /^([0-9]{1,7})(?:\.([0-9]{1,9}))?$/;

export function isTolerance(value: unknown): boolean {
  return typeof value === "string" && DECIMAL.test(value);
}

/** A tolerance in units of 10^-9, exactly. @throws UserError for a text that is no such decimal. */
export function toleranceUnits(text: string, what: string): number {
  const [, whole, part = ""] = DECIMAL.exec(text) ?? [];
  if (whole === undefined) {
    throw new UserError(
      `${what} must be a decimal such as 0.001, with up to nine places; found "${text.slice(0, 40)}"`,
    );
  }
  return Number(whole) * TOLERANCE_UNIT + Number(part.padEnd(9, "0"));
}

export function engineOf(modelClass: ModelClassName): Uint8Array {
  return ENGINES[modelClass]();
}

/** @throws UserError that says operator by operator why a model is not fit for the class. */
export function requireClass(path: string, bytes: Uint8Array, modelClass: ModelClassName): void {
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
