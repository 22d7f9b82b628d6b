import { concatBytes, utf8 } from "../../../chain/bytes.ts";
import type { Tensor, Tensors } from "../../../modules/inference/tensors.ts";
import type { ModelSpec, TensorSpec } from "../model-spec.ts";
import { type Datatype, datatypeOf } from "./datatypes.ts";
import { refused, type Verdict } from "./verdict.ts";

/** How tensors travel: as JSON (every server) or as bytes behind it (the binary tensor data extension). */
export type TensorFormat = "binary" | "json";

/** The header that the extension gives the length of the JSON in. Absent where the body is JSON alone. */
export const JSON_LENGTH_HEADER = "inference-header-content-length";

export interface InferBody {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/**
 * The body of `POST /v2/models/{model}/infer` (Open Inference Protocol v2, "Inference Request JSON Object"; Triton's "Binary Tensor Data
 * Extension"). Inputs in the order of the spec, all outputs of the spec asked for by name.
 * @param id comes back in the answer.
 * @returns a refusal for a dtype that the protocol does not have and, in JSON, for NaN and infinities.
 */
export function encodeInferRequest(
  id: string,
  spec: ModelSpec,
  inputs: Tensors,
  format: TensorFormat,
): Verdict<InferBody> {
  const heads: string[] = [];
  const blobs: Uint8Array[] = [];
  for (const [i, tensor] of inputs.entries()) {
    const declared = spec.inputs[i];
    const datatype = datatypeOf(tensor.dtype);
    if (declared === undefined || datatype === undefined) return refused(`input ${i} of dtype ${tensor.dtype}`);
    const carried = format === "binary" ? binary(tensor, blobs) : inJson(tensor, datatype);
    if (carried === undefined) {
      return refused(`input ${declared.name}: JSON has no number for a value of it; set the format to binary`);
    }
    const head = `{"name":${JSON.stringify(declared.name)},"shape":${JSON.stringify(tensor.shape)}`;
    heads.push(`${head},"datatype":"${datatype.name}",${carried}}`);
  }
  const outputs = spec.outputs.map(({ name }) => requestedOutput(name, format));
  const json = utf8(`{"id":${JSON.stringify(id)},"inputs":[${heads.join(",")}],"outputs":${JSON.stringify(outputs)}}`);
  if (format === "json") return { ok: true, value: { headers: { "content-type": "application/json" }, body: json } };
  const headers = { "content-type": "application/octet-stream", [JSON_LENGTH_HEADER]: String(json.length) };
  return { ok: true, value: { headers, body: concatBytes(json, ...blobs) } };
}

function requestedOutput(name: TensorSpec["name"], format: TensorFormat): object {
  return format === "binary" ? { name, parameters: { binary_data: true } } : { name };
}

function binary({ data }: Tensor, blobs: Uint8Array[]): string {
  blobs.push(data);
  return `"parameters":{"binary_data_size":${data.length}}`;
}

function inJson({ data }: Tensor, { size, json }: Datatype): string | undefined {
  if (json === undefined) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const literals: string[] = [];
  for (let at = 0; at < data.length; at += size) {
    const literal = json.literal(view, at);
    if (literal === undefined) return undefined;
    literals.push(literal);
  }
  return `"data":[${literals.join(",")}]`;
}
