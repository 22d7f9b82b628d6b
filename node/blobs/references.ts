import { toHex } from "../../chain/bytes.ts";
import { readTip } from "../../chain/executor/chain-state.ts";
import { keepsBytes } from "../../modules/inference/deprecation.ts";
import { due, inputBlobs, jobBlobs, jobs, models } from "../../modules/inference/store.ts";
import type { StateReader } from "../../state/store.ts";

/** The models of open jobs, and the blobs of jobs that are open or can be appealed. */
function blobsOfJobs(reader: StateReader): ReadonlySet<string> {
  const ofModels = due.entries(reader).flatMap(([[, jobId]]) => {
    const job = jobs.get(reader, jobId);
    return job === undefined ? [] : [job.fields.modelRoot];
  });
  const { height } = readTip(reader);
  const ofInputs = jobBlobs.entries(reader).flatMap(([jobId, blob]) => {
    const job = jobs.get(reader, jobId);
    return job !== undefined && (!job.settled || job.appealEnd > height) ? [blob] : [];
  });
  return new Set([...ofModels, ...ofInputs].map(toHex));
}

/**
 * Tells of a blob whether a model in use, a registration of inputs that has not ended, or a job refers to it. PERF: open jobs, and all that are kept and
 * have inputs in a blob, are read once, for the first blob that nothing else refers to.
 */
export function blobReferences(reader: StateReader): (root: Uint8Array) => boolean {
  let ofJobs: ReadonlySet<string> | undefined;
  return (root) => {
    const model = models.get(reader, root);
    if (model !== undefined && keepsBytes(reader, model)) return true;
    if (inputBlobs.has(reader, root)) return true;
    ofJobs ??= blobsOfJobs(reader);
    return ofJobs.has(toHex(root));
  };
}
