import { Worker } from "node:worker_threads";
import { blobProblem, custodyOutput } from "../../modules/inference/custody.ts";
import type { InputBlobRecord } from "../../modules/inference/store.ts";

/** What an availability job asks. */
export interface CustodyCheck {
  readonly jobId: Uint8Array;
  readonly blobRoot: Uint8Array;
  readonly declared: Pick<InputBlobRecord, "blobBytes" | "inputsRoot" | "tensors">;
}

export interface CustodyTask {
  readonly check: CustodyCheck;
  readonly bytes: Uint8Array;
}

/** The output that shows that one has the blob; why it is not as declared; or what went wrong in the thread. */
export type CustodyVerdict = { readonly output: ReturnType<typeof custodyOutput> } | { readonly problem: string };

/** A check of fewer bytes takes less than a thread takes to start. */
const AT_ONCE_BYTES = 256 * 1024;
const HEAP_MIB = 256;

export function checkCustody({ check: { jobId, declared }, bytes }: CustodyTask): CustodyVerdict {
  const problem = blobProblem(declared, bytes);
  return problem === undefined ? { output: custodyOutput(jobId, bytes) } : { problem };
}

/**
 * The check of custody.ts. PERF: the root of 16 MiB of tensors keeps a core busy for more than a second, in which consensus would stand still, so that all but
 * small ones are checked in a thread of their own. Rejects when the thread fails, which says nothing about the blob.
 */
export async function checkCustodyAside(task: CustodyTask): Promise<CustodyVerdict> {
  if (task.bytes.length <= AT_ONCE_BYTES) return checkCustody(task);
  const { promise, resolve, reject } = Promise.withResolvers<CustodyVerdict>();
  const thread = new Worker(new URL("./custody-thread.ts", import.meta.url), {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
  });
  thread.once("message", resolve);
  thread.once("error", reject);
  thread.once("exit", (code) => reject(new Error(`the checking thread ended with ${code}`)));
  return promise;
}
