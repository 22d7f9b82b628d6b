import { utf8 } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
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
