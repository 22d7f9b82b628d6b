import { utf8 } from "../../chain/bytes.ts";
import type { Context } from "../../chain/module.ts";
import { heightKey } from "../../state/collections.ts";
import type { StateReader } from "../../state/store.ts";
import { bondedValidators, totalBonded } from "../staking/keeper.ts";
import { readCast } from "./cast.ts";
import { settleDeposits } from "./deposits.ts";
import { runProposal } from "./execution.ts";
import { govParams } from "./params.ts";
import {
  casts,
  closed,
  depositQueue,
  LIMITS,
  type Proposal,
  proposals,
  STATUS,
  votedOn,
  votes,
  voting,
  votingQueue,
} from "./store.ts";
import { decide, type ExactTally, roundedTally, tallyOf, type Verdict } from "./tally.ts";

/** Work of one block at most; what is left over waits for the next. A proposal counts as one, and so does each of its deposits. */
const MAX_DROPPED_WORK = 1024;
const MAX_ENDED = 4;
const MAX_FORGOTTEN = 256;

/** Characters kept of why a proposal failed: at most LIMITS.failure bytes, whatever they are. */
const MAX_REASON = Math.floor(LIMITS.failure / 3);

const PPM = 1_000_000n;

/** PERF: three reads for each bonded validator. */
export function currentTally(reader: StateReader, id: number): ExactTally {
  return tallyOf(
    bondedValidators(reader).map(({ operator, tokens, shares }) => ({
      tokens,
      shares,
      cast: readCast(reader, id, operator),
      vote: votes.get(reader, [id, operator])?.options,
    })),
  );
}

function required(ctx: Context, id: number): Proposal {
  const proposal = proposals.get(ctx.store, id);
  if (proposal === undefined) throw new Error(`no proposal ${id}, though it is in a queue`);
  return proposal;
}

/** Proposals whose deposit did not come together are forgotten, as in the Cosmos SDK. */
function dropInactive(ctx: Context): void {
  const burnPpm = govParams.read(ctx.block.params).burnProposalDepositPrevote * PPM;
  const due = depositQueue.entries(ctx.store, {
    before: heightKey.encode(ctx.block.time + 1),
    limit: MAX_DROPPED_WORK,
  });
  let work = 0;
  for (const [key] of due) {
    if (work >= MAX_DROPPED_WORK) return;
    const [, id] = key;
    depositQueue.delete(ctx.store, key);
    work += 1 + settleDeposits(ctx, id, burnPpm);
    proposals.delete(ctx.store, id);
    ctx.emit("inactive_proposal", ["proposal_id", id.toString()], ["proposal_result", "proposal_dropped"]);
  }
}

function verdictOf(ctx: Context, proposal: Proposal, tally: ExactTally): Verdict {
  const params = govParams.read(ctx.block.params);
  return decide(tally, totalBonded(ctx.store), {
    quorum: params.quorum,
    threshold: proposal.expedited ? params.expeditedThreshold : params.threshold,
    vetoThreshold: params.vetoThreshold,
    burnVoteQuorum: params.burnVoteQuorum === 1n,
    burnVoteVeto: params.burnVoteVeto === 1n,
  });
}

/** An expedited proposal that fails goes on as a normal one: its votes stay, and may be changed. */
function convert(ctx: Context, id: number, proposal: Proposal): void {
  const votingEndTime = proposal.votingStartTime + Number(govParams.read(ctx.block.params).votingPeriod);
  votingQueue.set(ctx.store, [votingEndTime, id], true);
  proposals.set(ctx.store, id, { ...proposal, expedited: false, votingEndTime });
}

/** Takes a proposal out of the vote; its votes go with the next blocks. */
export function closeVote(ctx: Context, id: number): void {
  voting.delete(ctx.store, id);
  closed.set(ctx.store, id, true);
}

interface Ended {
  readonly result: string;
  readonly log: string;
}

function conclude(ctx: Context, id: number, proposal: Proposal): Ended {
  const tally = currentTally(ctx.store, id);
  const { passes, burnDeposits, because } = verdictOf(ctx, proposal, tally);
  if (!passes && proposal.expedited) {
    convert(ctx, id, proposal);
    return { result: "expedited_proposal_rejected", log: `${because}; converted to a regular proposal` };
  }
  settleDeposits(ctx, id, burnDeposits ? PPM : 0n);
  closeVote(ctx, id);
  const ended = { ...proposal, finalTally: roundedTally(tally), depositors: 0 };
  if (!passes) {
    proposals.set(ctx.store, id, { ...ended, status: STATUS.rejected });
    return { result: "proposal_rejected", log: because };
  }
  const failure = runProposal(ctx, id, proposal);
  if (failure === undefined) {
    proposals.set(ctx.store, id, { ...ended, status: STATUS.passed });
    return { result: "proposal_passed", log: "passed" };
  }
  const failedReason = utf8(failure.slice(0, MAX_REASON));
  proposals.set(ctx.store, id, { ...ended, status: STATUS.failed, failedReason });
  return { result: "proposal_failed", log: `passed, but failed on execution: ${failure.slice(0, MAX_REASON)}` };
}

function endVotes(ctx: Context): void {
  const due = votingQueue.entries(ctx.store, { before: heightKey.encode(ctx.block.time + 1), limit: MAX_ENDED });
  for (const [key] of due) {
    const [, id] = key;
    votingQueue.delete(ctx.store, key);
    const { result, log } = conclude(ctx, id, required(ctx, id));
    ctx.emit("active_proposal", ["proposal_id", id.toString()], ["proposal_result", result], ["proposal_log", log]);
  }
}

/** Deletes votes that count no more, a bounded number with each block. */
function forgetVotes(ctx: Context): void {
  const [oldest] = closed.entries(ctx.store, { limit: 1 });
  if (oldest === undefined) return;
  const [id] = oldest;
  const within = heightKey.encode(id);
  const cast = votes.entries(ctx.store, { within, limit: MAX_FORGOTTEN });
  for (const [key] of cast) {
    votes.delete(ctx.store, key);
    votedOn.delete(ctx.store, [key[1], id]);
  }
  if (cast.length === MAX_FORGOTTEN) return;
  const rows = casts.entries(ctx.store, { within, limit: MAX_FORGOTTEN });
  for (const [key] of rows) casts.delete(ctx.store, key);
  if (rows.length < MAX_FORGOTTEN) closed.delete(ctx.store, id);
}

/** What is due at the end of a block. */
export function endProposals(ctx: Context): void {
  forgetVotes(ctx);
  dropInactive(ctx);
  endVotes(ctx);
}
