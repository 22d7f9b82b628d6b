import { MAX_TENSORS } from "../../../modules/inference/tensors.ts";
import { ANY_LENGTH, type ModelSpec, type TensorSpec } from "../model-spec.ts";
import { isRecord, parseBoundedJson } from "./bounded-json.ts";
import { datatypeNamed } from "./datatypes.ts";

/**
 * Whether the server's model has the interface that the manifest declares ("Model Metadata Response JSON Object"): the same inputs, at
 * least the outputs, with their datatypes and shapes that can be equal (-1 is any length on either side).
 * @param body of `GET /v2/models/{model}`.
 * @returns what differs, undefined when nothing does.
 */
export function metadataFault(body: Uint8Array, spec: ModelSpec): string | undefined {
  const parsed = parseBoundedJson(body, false);
  if (!parsed.ok) return `metadata: ${parsed.reason}`;
  const { value } = parsed;
  if (!isRecord(value)) return "metadata: not an object";
  return sideFault("input", value.inputs, spec.inputs) ?? sideFault("output", value.outputs, spec.outputs);
}

function sideFault(what: "input" | "output", found: unknown, specs: readonly TensorSpec[]): string | undefined {
  if (!Array.isArray(found) || found.length > MAX_TENSORS) return `metadata: no list of ${what}s`;
  const tensors: readonly unknown[] = found;
  for (const spec of specs) {
    const tensor = tensors.find((one) => isRecord(one) && one.name === spec.name);
    if (!isRecord(tensor)) return `the server's model has no ${what} ${spec.name}`;
    if (datatypeNamed(tensor.datatype)?.dtype !== spec.dtype) {
      return `${what} ${spec.name} of the server's model has another datatype`;
    }
    if (!fits(tensor.shape, spec.shape)) return `${what} ${spec.name} of the server's model has another shape`;
  }
  return what === "input" && tensors.length !== specs.length
    ? `the server's model has ${tensors.length} inputs, ${specs.length} are declared`
    : undefined;
}

function fits(found: unknown, declared: readonly number[]): boolean {
  if (!Array.isArray(found) || found.length !== declared.length) return false;
  const axes: readonly unknown[] = found;
  return declared.every((length, i) => length === ANY_LENGTH || axes[i] === ANY_LENGTH || axes[i] === length);
}
