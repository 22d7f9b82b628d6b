import { toHex } from "../../chain/bytes.ts";
import type { StateReader } from "../../state/store.ts";
import { isQuorum } from "./quorum.ts";
import type { CheckedReveal } from "./reveals.ts";
import { JOB_STATUS, type JobRecord, tallies } from "./store.ts";

/** A job that becomes final in the block, and on what. */
export interface Finality {
  readonly jobId: Uint8Array;
  readonly outputRoot: Uint8Array;
  readonly job: JobRecord;
}

/**
 * The jobs that these reveals make final, in the order in which one output of each gets its quorum: the order in which
 * a block must carry their outputs. Jobs that are final already are left out.
 */
export function newlyFinal(reader: StateReader, reveals: readonly CheckedReveal[]): readonly Finality[] {
  const powers = new Map<string, bigint>();
  const done = new Set<string>();
  const found: Finality[] = [];
  for (const { reveal, job, power } of reveals) {
    const { jobId, outputRoot } = reveal;
    const id = toHex(jobId);
    if (job.status !== JOB_STATUS.revealing || done.has(id)) continue;
    const key = id + toHex(outputRoot);
    const sum = (powers.get(key) ?? tallies.get(reader, [jobId, outputRoot]) ?? 0n) + power;
    powers.set(key, sum);
    if (!isQuorum(sum, job.committeePower)) continue;
    done.add(id);
    found.push({ jobId, outputRoot, job });
  }
  return found;
}
