import { fromHex } from "../chain/bytes.ts";
import { readRotation } from "../chain/executor/chain-state.ts";
import type { ValidatorSet } from "../chain/types/validator.ts";
import type { Commit } from "../chain/types/vote.ts";
import { readOpenJobs } from "../modules/inference/jobs.ts";
import { JOB_STATUS, jobs, openJobs } from "../modules/inference/store.ts";
import { presence } from "../modules/slashing/keeper.ts";
import type { Network } from "../p2p/network.ts";
import type { StateReader } from "../state/store.ts";
import type { StoredBlock } from "./api.ts";
import type { NodeMetrics } from "./metrics.ts";

const STATUS_NAMES = new Map<number, string>(Object.entries(JOB_STATUS).map(([name, code]) => [code, name]));

function missing(commit: Commit, validators: ValidatorSet): { readonly count: number; readonly power: bigint } {
  const absent = validators.filter((_, index) => index < commit.signers.bitLen && !commit.signers.get(index));
  return { count: absent.length, power: absent.reduce((sum, { power }) => sum + power, 0n) };
}

function jobsByStatus(state: StateReader): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { job } of readOpenJobs(state)) {
    const name = STATUS_NAMES.get(job.status) ?? "unknown";
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

const ENDS = new Map([
  ["inference_final", "final"],
  ["inference_failed", "failed"],
]);

/** Jobs that this block ended, by what its events say. */
function observeJobEnds(metrics: NodeMetrics, { block, result }: StoredBlock, state: StateReader): void {
  for (const { type, attributes } of result.events) {
    const outcome = ENDS.get(type);
    const id = attributes.find(([key]) => key === "job_id")?.[1];
    const job = outcome === undefined || id === undefined ? undefined : jobs.get(state, fromHex(id));
    if (outcome !== undefined && job !== undefined) {
      metrics.observeJobEnd(outcome, block.header.height - job.requestedHeight);
    }
  }
}

/**
 * What a node's operators watch, after each commit.
 * @param voters the set that signed the certificate in the block's last commit; empty at the first block.
 */
export function observeCommit(
  metrics: NodeMetrics,
  block: StoredBlock,
  voters: ValidatorSet,
  state: StateReader,
  network: Pick<Network, "peers">,
): void {
  const { header, body } = block.block;
  metrics.observeCommit(header.height, header.time, body.transactions.length, block.commit.round);
  metrics.observeRound(block.commit.round);
  const { count, power } = missing(body.lastCommit, voters);
  metrics.setMissingValidators(count, power);
  const { margin, total } = presence(state, readRotation(state).validators, header.height);
  metrics.setMarginToHalt(margin, total);
  observeJobEnds(metrics, block, state);
  // PERF: jobs are counted only while there are open ones.
  metrics.setJobs((openJobs.get(state) ?? 0) > 0 ? jobsByStatus(state) : {});
  const peers = network.peers();
  const outbound = peers.filter((peer) => peer.outbound).length;
  metrics.setPeers(peers.length - outbound, outbound);
}
