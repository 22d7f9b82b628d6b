import { toHex } from "../../chain/bytes.ts";
import type { StateReader } from "../../state/store.ts";
import { isTolerant } from "./classes.ts";
import { isQuorum } from "./quorum.ts";
import type { CheckedReveal } from "./reveals.ts";
import { JOB_STATUS, type JobRecord, tallies } from "./store.ts";

/** A job that becomes final in the block, or whose executor publishes its output, and on what. */
export interface Finality {
  readonly jobId: Uint8Array;
  readonly outputRoot: Uint8Array;
  readonly job: JobRecord;
  /** Whether more than two thirds attest it. */
  readonly isFinal: boolean;
  /** Whether the block must carry the output: always, but for what an executor has published before. */
  readonly isCarried: boolean;
}

/**
 * The jobs that these reveals make final, or publish the output of, in the order in which one output of each gets its quorum, or is published: the order in
 * which a block must carry their outputs. Jobs that are final already are left out.
 */
export function newlyFinal(reader: StateReader, reveals: readonly CheckedReveal[]): readonly Finality[] {
  const powers = new Map<string, bigint>();
  const done = new Set<string>();
  const found: Finality[] = [];
  for (const { reveal, job, power } of reveals) {
    const { jobId, outputRoot } = reveal;
    const id = toHex(jobId);
    const executing = job.status === JOB_STATUS.executing;
    if ((job.status !== JOB_STATUS.revealing && !executing) || done.has(id)) continue;
    const key = id + toHex(outputRoot);
    const sum = (powers.get(key) ?? tallies.get(reader, [jobId, outputRoot]) ?? 0n) + power;
    powers.set(key, sum);
    const isFinal = isQuorum(sum, job.committeePower);
    if (!isFinal && !executing) continue;
    done.add(id);
    found.push({ jobId, outputRoot, job, isFinal, isCarried: executing || !isTolerant(job) });
  }
  return found;
}
