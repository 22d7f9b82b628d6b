import { Worker } from "node:worker_threads";
import { checkModel, type ModelCheck } from "./onnx-check.ts";

/** A check of fewer bytes takes at most about 20 ms, less than a thread takes to start. */
const AT_ONCE_BYTES = 256 * 1024;
const HEAP_MIB = 256;
/** Far more than any model takes: both tasks are bounded by what they count. */
const TIMEOUT_MS = 60_000;

/** What the thread is asked. */
export interface Errand {
  readonly what: "check" | "prove";
  readonly bytes: Uint8Array;
}

/** Rejects when the thread fails, which says nothing about the model. */
async function send<T>(errand: Errand): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const thread = new Worker(new URL("./check-thread.ts", import.meta.url), {
    workerData: errand,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
  });
  thread.once("message", resolve);
  thread.once("error", reject);
  thread.once("exit", (code) => reject(new Error(`the checking thread ended with ${code}`)));
  const timer = setTimeout(() => {
    reject(new Error(`the checking thread took more than ${TIMEOUT_MS} ms`));
    void thread.terminate();
  }, TIMEOUT_MS);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The check of onnx-check.ts on bytes of a stranger's. PERF: a hostile file keeps `checkModel` busy for most of a second, in which consensus would
 * stand still, so all but small ones are checked in a thread of their own. Rejects when the thread fails, which says nothing about the model.
 */
export async function checkModelAside(bytes: Uint8Array): Promise<ModelCheck> {
  return bytes.length <= AT_ONCE_BYTES ? checkModel(bytes) : send({ what: "check", bytes });
}

/**
 * The proof of exactness/proof.ts, which takes seconds for a hostile file of any size, so that none is made at once.
 * @returns why the model is not fit for the class `exact`, or undefined. Rejects when the thread fails.
 */
export function proveModelAside(bytes: Uint8Array): Promise<string | undefined> {
  return send({ what: "prove", bytes });
}
