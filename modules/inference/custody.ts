import { equalBytes, utf8 } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import type { InputBlobRecord } from "./store.ts";
import { tensorsProblem } from "./tensor-check.ts";
import { DTYPES, Tensors } from "./tensors.ts";

/**
 * What validators attest about a blob of inputs: they have its bytes, and those are the tensors that its registration says. Browser-safe.
 */

const DOMAIN_CUSTODY = utf8("assay input blob");

/** In the place of an engine's id: no engine runs, the bytes are looked at. */
export const CUSTODY_ENGINE = sha256(utf8("assay input blob: availability"));

/**
 * The output of an availability job. It can be made only of all the bytes, and of no other job's output: who has not fetched the blob can't attest it.
 * PERF: one SHA-256 over the blob.
 */
export function custodyOutput(jobId: Uint8Array, bytes: Uint8Array): Tensors {
  return [{ dtype: DTYPES.uint8.code, shape: [32], data: sha256(DOMAIN_CUSTODY, jobId, bytes) }];
}

/** Why bytes that hash to a blob's root are not what its registration says. PERF: 75 ms a MiB, for the root of the tensors. */
export function blobProblem(
  declared: Pick<InputBlobRecord, "blobBytes" | "inputsRoot" | "tensors">,
  bytes: Uint8Array,
): string | undefined {
  if (bytes.length !== declared.blobBytes) return `${bytes.length} bytes, ${declared.blobBytes} are declared`;
  let tensors: Tensors;
  try {
    tensors = Tensors.deserialize(bytes);
  } catch (error) {
    return `no serialised tensors (${error instanceof Error ? error.message : String(error)})`;
  }
  const names = declared.tensors.map((tensor, index) => ({ ...tensor, name: utf8(String(index)) }));
  const problem = tensorsProblem(names, tensors);
  if (problem !== undefined) return problem;
  const list = [...tensors];
  if (!equalBytes(Tensors.serialize(list), bytes)) return "not the one serialisation of its tensors";
  return equalBytes(Tensors.hashTreeRoot(list), declared.inputsRoot) ? undefined : "another inputs root";
}
