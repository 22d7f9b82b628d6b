import { fromHex, toHex } from "../../chain/bytes.ts";
import { encodeAddress } from "../../chain/crypto/bech32.ts";
import type { Event } from "../../chain/module.ts";
import { readOpenJobs } from "../../modules/inference/jobs.ts";
import { outputRootOf } from "../../modules/inference/output-check.ts";
import { jobs } from "../../modules/inference/store.ts";
import { Tensors } from "../../modules/inference/tensors.ts";
import type { StoredBlock } from "../../node/api.ts";
import type { StateReader } from "../../state/store.ts";
import { outputFor } from "./fake-engine.ts";
import type { World } from "./world.ts";

/** How many runs of models ended in one way or the other, in decided blocks. */
export interface JobCounts {
  /** Their committee was drawn. */
  drawn: number;
  /** Those drawn had no quorum. */
  widened: number;
  final: number;
  /** Ran inline. */
  inline: number;
  failed: number;
  /** Opened by the chain itself. */
  audits: number;
  /** Validators that lost their seats in a tier for a while. */
  suspended: number;
  /** Attestations of another output than the one that became final. */
  dissents: number;
  equivocations: number;
}

export interface JobChecks {
  readonly counts: Readonly<JobCounts>;
  /** What is wrong with the jobs after a block. */
  faults(state: StateReader, stored: StoredBlock): readonly string[];
}

const attributeOf = ({ attributes }: Event, key: string): string =>
  attributes.find(([name]) => name === key)?.[1] ?? "";

/**
 * What a run became final on is what an honest engine gives, since the faulty are too few to agree on anything else; nobody honest is
 * said to have attested anything else, or two things; and no job is open beyond its windows. An honest validator that was away may have
 * kept a reveal to itself.
 */
export function createJobChecks({ genesis, operators }: World, correct: readonly number[]): JobChecks {
  const honest = new Set(
    operators.filter((_, i) => correct.includes(i)).map((one) => encodeAddress(genesis.spec.prefix, one)),
  );
  const counts: JobCounts = {
    drawn: 0,
    widened: 0,
    final: 0,
    inline: 0,
    failed: 0,
    audits: 0,
    suspended: 0,
    dissents: 0,
    equivocations: 0,
  };

  function rightRoot(state: StateReader, jobId: string): string {
    const job = jobs.get(state, fromHex(jobId));
    return job === undefined ? "" : toHex(Tensors.hashTreeRoot([...outputFor(job.fields.inputsRoot)]));
  }

  function faultOf(state: StateReader, event: Event): string | undefined {
    const jobId = attributeOf(event, "job_id");
    const isHonest = honest.has(attributeOf(event, "operator"));
    switch (event.type) {
      case "inference_final":
        counts.final++;
        if (attributeOf(event, "output_root") !== rightRoot(state, jobId)) return `${jobId} is final on a wrong output`;
        return undefined;
      case "inference_drawn":
        counts.drawn++;
        return undefined;
      case "inference_widened":
        counts.widened++;
        return undefined;
      case "inference_audit_opened":
        counts.audits++;
        return undefined;
      case "inference_suspended":
        counts.suspended++;
        return undefined;
      case "inference_failed":
        counts.failed++;
        return undefined;
      case "inference_dissent":
        if (attributeOf(event, "output_root") === "") return undefined;
        counts.dissents++;
        return isHonest ? `an honest validator is said to have attested a wrong output of ${jobId}` : undefined;
      case "inference_equivocation":
        counts.equivocations++;
        return isHonest ? `an honest validator is said to have attested two outputs of ${jobId}` : undefined;
      default:
        return undefined;
    }
  }

  return {
    counts,
    faults(state, { block, result }) {
      const { height } = block.header;
      const found = result.events.map((event) => faultOf(state, event)).filter((fault) => fault !== undefined);
      const wrong = block.body.inlineResults.filter(({ jobId, output }) => {
        counts.inline++;
        // The run of a transaction that failed leaves no job.
        return (
          jobs.has(state, jobId) && toHex(outputRootOf(output) ?? new Uint8Array(0)) !== rightRoot(state, toHex(jobId))
        );
      });
      const late = readOpenJobs(state).filter(({ job }) => height > Math.max(job.commitEnd, job.revealEnd));
      const inline = wrong.map(({ jobId }) => `${toHex(jobId)} ran inline to a wrong output`);
      return [...found, ...inline, ...late.map(({ jobId }) => `${toHex(jobId)} is open beyond its windows`)];
    },
  };
}
