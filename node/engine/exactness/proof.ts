import { MalformedModelError } from "../onnx-wire.ts";
import { exactness } from "./exactness.ts";

/** Refused operators that a fault names; `assay model check` lists all. */
const MAX_NAMED = 3;

/**
 * Why a model is not fit for the class `exact`; undefined when it is. PERF: up to some seconds, see exactness.ts.
 * @param bytes of a model that passes onnx-check.ts.
 */
export function exactnessFault(bytes: Uint8Array): string | undefined {
  try {
    const refused = exactness(bytes).operators.filter(({ verdict }) => verdict === "refused");
    if (refused.length === 0) return undefined;
    const named = refused.slice(0, MAX_NAMED).map(({ node, operator, reason }) => `${operator} ${node}: ${reason}`);
    const more = refused.length > MAX_NAMED ? `; and ${refused.length - MAX_NAMED} more` : "";
    return `the model is not proven exact: ${named.join("; ")}${more}`;
  } catch (error) {
    if (error instanceof MalformedModelError) return `the model is not proven exact: ${error.message}`;
    throw error;
  }
}
