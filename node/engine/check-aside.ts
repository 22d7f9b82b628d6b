import { Worker } from "node:worker_threads";
import { checkModel, type ModelCheck } from "./onnx-check.ts";

/** A check of fewer bytes takes at most about 20 ms, less than a thread takes to start. */
const AT_ONCE_BYTES = 256 * 1024;
const HEAP_MIB = 256;

/**
 * The check of onnx-check.ts on bytes of a stranger's. PERF: a hostile file keeps `checkModel` busy for most of a second, in which consensus would
 * stand still, so all but small ones are checked in a thread of their own. Rejects when the thread fails, which says nothing about the model.
 */
export async function checkModelAside(bytes: Uint8Array): Promise<ModelCheck> {
  if (bytes.length <= AT_ONCE_BYTES) return checkModel(bytes);
  const { promise, resolve, reject } = Promise.withResolvers<ModelCheck>();
  const thread = new Worker(new URL("./check-thread.ts", import.meta.url), {
    workerData: bytes,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
  });
  thread.once("message", resolve);
  thread.once("error", reject);
  thread.once("exit", (code) => reject(new Error(`the checking thread ended with ${code}`)));
  return promise;
}
