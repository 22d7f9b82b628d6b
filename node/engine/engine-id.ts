import { equalBytes, utf8 } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { MODEL_CLASS } from "../../modules/inference/classes.ts";
import { PINNED_ENGINE } from "./pinned.ts";

/**
 * The identity of the canonical engine, 32 bytes: part of every job id, and fixed for life in each model's manifest.
 * SHA-256 of lines `key=value` in a fixed order.
 */
export function canonicalEngineId(): Uint8Array {
  const { version, wasmSha256, graphOptimizationLevel, threads } = PINNED_ENGINE;
  return sha256(
    utf8(
      `package=${PINNED_ENGINE.package}\nversion=${version}\nwasm=${wasmSha256}\n` +
        `graphOptimizationLevel=${graphOptimizationLevel}\nthreads=${threads}\n`,
    ),
  );
}

/**
 * The identity of the engines of the class `exact`, 32 bytes: what native and canonical have in common. Their files differ, their
 * outputs do not, for graphs that are proven independent of the CPU.
 */
export function exactEngineId(): Uint8Array {
  const { version, graphOptimizationLevel, threads } = PINNED_ENGINE;
  return sha256(
    utf8(`class=exact\nonnxruntime=${version}\ngraphOptimizationLevel=${graphOptimizationLevel}\nthreads=${threads}\n`),
  );
}

/**
 * The identity of whatever runs models of the class `tolerance`, 32 bytes: native, or an inference server of the operator's own. Their bytes differ, and
 * only the model's bound says by how much they may.
 */
export function toleranceEngineId(): Uint8Array {
  return sha256(utf8("class=tolerance\n"));
}

/** The class of the models that an engine of this build is for; undefined for one that it does not have. */
export function classOfEngine(engineId: Uint8Array): number | undefined {
  if (equalBytes(engineId, canonicalEngineId())) return MODEL_CLASS.canonical;
  if (equalBytes(engineId, exactEngineId())) return MODEL_CLASS.exact;
  return equalBytes(engineId, toleranceEngineId()) ? MODEL_CLASS.tolerance : undefined;
}
