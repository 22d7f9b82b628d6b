import { equalBytes, toHex } from "../../../chain/bytes.ts";
import { sha256 } from "../../../chain/crypto/hash.ts";
import type { BlockRun } from "../../../chain/executor/block-run.ts";
import type { Commitment, Reveal } from "../../../chain/types/attestation.ts";
import { isTolerant } from "../../../modules/inference/classes.ts";
import { readOpenJobs } from "../../../modules/inference/jobs.ts";
import { executorOf } from "../../../modules/inference/seats.ts";
import { type SelectedAttestations, selectForBlock } from "../../../modules/inference/selection.ts";
import { attestationOf, attestationRoot, commitmentRoot } from "../../../modules/inference/signatures.ts";
import { commitments, committees, JOB_STATUS, reveals } from "../../../modules/inference/store.ts";
import { outputOf } from "../../inference/harness.ts";
import type { Random } from "../../simulation/random.ts";
import type { Keys, RandomChain } from "./chain.ts";

/** The right output of every job, and a wrong one. */
const RIGHT = 1;
const WRONG = 2;

/** What members of committees do: most commit to the right output and reveal it, some to another, some stay away. Executors publish the wrong one more often. */
export function createAttesters(random: Random, keys: Keys) {
  /** What a member has committed to, by job and operator, with the signature it will reveal. */
  const committed = new Map<string, Reveal>();
  const outputs = new Map([RIGHT, WRONG].map((number) => [toHex(outputOf(number).root), outputOf(number).bytes]));

  /** What the next block carries: chosen as a proposer chooses. */
  return (chain: RandomChain, run: BlockRun): SelectedAttestations => {
    const { genesisRoot } = chain.runtime.spec;
    const { validators } = run.context.block;
    const reader = run.context.store;
    const offeredCommitments: Commitment[] = [];
    const offeredReveals: Reveal[] = [];
    for (const { jobId, job } of readOpenJobs(reader)) {
      const place = executorOf(job);
      const executor = committees.get(reader, job.committeeRoot)?.[place ?? -1]?.operator;
      for (const { operator, voteKey } of validators) {
        const id = toHex(jobId) + toHex(operator);
        if (isTolerant(job)) {
          const executing = job.status === JOB_STATUS.executing;
          const speaks = executing
            ? executor !== undefined && equalBytes(executor, operator)
            : job.status === JOB_STATUS.revealing &&
              (equalBytes(job.outputRoot, outputOf(RIGHT).root) || random.chance(0.1));
          if (!speaks || committed.has(id) || random.chance(0.4)) continue;
          const outputRoot = executing ? outputOf(random.chance(0.3) ? WRONG : RIGHT).root : job.outputRoot;
          const signature = keys.of(voteKey).sign(attestationRoot(attestationOf(jobId, job, outputRoot), genesisRoot));
          committed.set(id, { jobId, validator: operator, outputRoot, signature });
          offeredReveals.push({ jobId, validator: operator, outputRoot, signature });
          continue;
        }
        const has = job.direct || commitments.has(reader, [jobId, operator]);
        const speaks = job.direct ? !committed.has(id) : job.status === JOB_STATUS.committing && !has;
        if (speaks && random.chance(0.7)) {
          const outputRoot = outputOf(random.chance(0.06) ? WRONG : RIGHT).root;
          const key = keys.of(voteKey);
          const data = attestationOf(jobId, job, outputRoot);
          const signature = key.sign(attestationRoot(data, genesisRoot));
          committed.set(id, { jobId, validator: operator, outputRoot, signature });
          if (job.direct) continue;
          const entries = [{ jobId, hash: sha256(signature), bucket: random.chance(0.1) ? 14 : 2 }];
          const promise = { validator: operator, entries, notes: [] };
          offeredCommitments.push({ data: promise, signature: key.sign(commitmentRoot(promise, genesisRoot)) });
        }
        const reveal = committed.get(id);
        const isDue = job.status !== JOB_STATUS.committing && has && !reveals.has(reader, [jobId, operator]);
        if (isDue && reveal !== undefined && random.chance(0.7)) offeredReveals.push(reveal);
      }
    }
    return selectForBlock(
      { block: run.context.block, store: reader, bls: keys.bls },
      {
        duplicateAttestations: [],
        commitments: offeredCommitments,
        reveals: offeredReveals,
        output: (root) => outputs.get(toHex(root)),
      },
    );
  };
}
