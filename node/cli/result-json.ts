import { base64 } from "@scure/base";
import { toHex } from "../../chain/bytes.ts";
import type { InferenceResult } from "../../client/infer.ts";
import { type ReceiptJson, receiptToJson } from "../../modules/inference/receipt.ts";
import { DTYPES, type DtypeName, MAX_RANK, MAX_TENSORS, Tensors } from "../../modules/inference/tensors.ts";

/** What `assay infer --json` prints and `assay verify` reads. `data` is base64 of little-endian elements, row-major. */
export interface ResultJson {
  readonly jobId: string;
  readonly status: "FINAL" | "FAILED";
  readonly lane: "inline" | "attested";
  readonly requestedHeight: number;
  readonly finalHeight: number;
  readonly latencyMs: number;
  readonly outputs: readonly {
    readonly name: string;
    readonly dtype: DtypeName;
    readonly shape: readonly number[];
    readonly data: string;
  }[];
  readonly outputRoot: string;
  /** Null for a failed job and for an inline run. */
  readonly receipt: ReceiptJson | null;
}

export function resultToJson(result: InferenceResult): ResultJson {
  const { jobId, status, lane, requestedHeight, finalHeight, outputRoot, receipt } = result;
  return {
    jobId,
    status,
    lane,
    requestedHeight,
    finalHeight,
    latencyMs: Math.round(result.latencyMs),
    outputs: result.outputs.map(({ name, dtype, shape, data }) => ({ name, dtype, shape, data: base64.encode(data) })),
    outputRoot,
    receipt: receipt === undefined ? null : receiptToJson(receipt),
  };
}

/**
 * The output root of the tensors in a result's `outputs`, 64 hex digits.
 * @throws Error naming the output that is none.
 */
export function outputRootOfJson(outputs: unknown): string {
  if (!Array.isArray(outputs) || outputs.length > MAX_TENSORS) {
    throw new Error(`outputs must be a list of up to ${MAX_TENSORS}`);
  }
  const tensors = outputs.map((output: unknown, index) => {
    const { dtype, shape, data } = (output ?? {}) as Readonly<Record<string, unknown>>;
    const known = typeof dtype === "string" && Object.hasOwn(DTYPES, dtype);
    if (!known) throw new Error(`outputs[${index}].dtype is none`);
    if (!Array.isArray(shape) || shape.length > MAX_RANK || !shape.every((length) => Number.isSafeInteger(length))) {
      throw new Error(`outputs[${index}].shape is none`);
    }
    if (typeof data !== "string") throw new Error(`outputs[${index}].data must be base64`);
    return { dtype: DTYPES[dtype as DtypeName].code, shape: shape as number[], data: base64.decode(data) };
  });
  return toHex(Tensors.hashTreeRoot(tensors));
}
