import { toHex } from "../../chain/bytes.ts";
import { due, jobs, MODEL_STATUS, models } from "../../modules/inference/store.ts";
import type { StateReader } from "../../state/store.ts";

/**
 * Tells of a blob whether a model that has not failed, or an open job, refers to it. PERF: the open jobs are read once, for the first
 * blob that no model refers to.
 */
export function blobReferences(reader: StateReader): (root: Uint8Array) => boolean {
  let ofJobs: ReadonlySet<string> | undefined;
  return (root) => {
    const model = models.get(reader, root);
    if (model !== undefined && model.status !== MODEL_STATUS.failed) return true;
    ofJobs ??= new Set(
      due.entries(reader).flatMap(([[, jobId]]) => {
        const job = jobs.get(reader, jobId);
        return job === undefined ? [] : [toHex(job.fields.modelRoot)];
      }),
    );
    return ofJobs.has(toHex(root));
  };
}
