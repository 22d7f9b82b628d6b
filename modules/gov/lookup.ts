import type { PageRequest } from "cosmjs-types/cosmos/base/query/v1beta1/pagination";
import { GRPC, QueryError } from "../../chain/errors.ts";
import type { QueryContext } from "../../chain/module.ts";
import { heightKey } from "../../state/collections.ts";
import { queryAccount } from "../addresses.ts";
import { notFound } from "../define-query.ts";
import { type Page, paginate } from "../pagination.ts";
import { currentTally } from "./end-block.ts";
import {
  deposits,
  type Proposal,
  proposalAddressKey,
  proposalKey,
  proposals,
  STATUS,
  type Tally,
  type Vote,
  votes,
  voting,
} from "./store.ts";
import { roundedTally } from "./tally.ts";

/** What both versions of the query service look up, before it is put into their messages. */

function numberOf(id: bigint): number {
  if (id === 0n) throw new QueryError(GRPC.invalidArgument, "proposal id can not be 0");
  if (id > BigInt(Number.MAX_SAFE_INTEGER)) throw notFound(`proposal ${id} doesn't exist`);
  return Number(id);
}

/** @throws QueryError NotFound */
export function findProposal(ctx: QueryContext, proposalId: bigint): { id: number; proposal: Proposal } {
  const id = numberOf(proposalId);
  const proposal = proposals.get(ctx.store, id);
  if (proposal === undefined) throw notFound(`proposal ${id} doesn't exist`);
  return { id, proposal };
}

export interface ProposalFilter {
  readonly proposalStatus: number;
  readonly voter: string;
  readonly depositor: string;
  readonly pagination?: PageRequest | undefined;
}

/** Proposals by number, those that a status, a voter and a depositor leave. */
export function pageOfProposals<T>(
  ctx: QueryContext,
  filter: ProposalFilter,
  show: (id: number, proposal: Proposal) => T,
): Page<T> {
  const voter = filter.voter === "" ? undefined : queryAccount(ctx.spec, filter.voter);
  const depositor = filter.depositor === "" ? undefined : queryAccount(ctx.spec, filter.depositor);
  return paginate(ctx.store, { collection: proposals, key: proposalKey }, filter.pagination, (id, proposal) => {
    if (filter.proposalStatus > 0 && proposal.status !== filter.proposalStatus) return undefined;
    if (voter !== undefined && findVote(ctx, id, voter) === undefined) return undefined;
    if (depositor !== undefined && !deposits.has(ctx.store, [id, depositor])) return undefined;
    return show(id, proposal);
  });
}

/** Votes are there while they count; what is left of them afterwards is only waiting to be deleted. */
function findVote(ctx: QueryContext, id: number, voter: Uint8Array): Vote | undefined {
  return voting.has(ctx.store, id) ? votes.get(ctx.store, [id, voter]) : undefined;
}

/** @throws QueryError NotFound */
export function requireVote(ctx: QueryContext, request: { proposalId: bigint; voter: string }) {
  const id = numberOf(request.proposalId);
  const voter = queryAccount(ctx.spec, request.voter);
  const vote = findVote(ctx, id, voter);
  if (vote === undefined) throw notFound(`voter: ${request.voter} not found for proposal: ${id}`);
  return { id, voter, vote };
}

export function pageOfVotes<T>(
  ctx: QueryContext,
  request: { readonly proposalId: bigint; readonly pagination?: PageRequest | undefined },
  show: (id: number, voter: Uint8Array, vote: Vote) => T,
): Page<T> {
  const id = numberOf(request.proposalId);
  const source = { collection: votes, key: proposalAddressKey, within: heightKey.encode(id) };
  const open = voting.has(ctx.store, id);
  return paginate(ctx.store, source, request.pagination, ([, voter], vote) =>
    open ? show(id, voter, vote) : undefined,
  );
}

/** @throws QueryError NotFound */
export function requireDeposit(ctx: QueryContext, request: { proposalId: bigint; depositor: string }) {
  const id = numberOf(request.proposalId);
  const depositor = queryAccount(ctx.spec, request.depositor);
  const amount = deposits.get(ctx.store, [id, depositor]);
  if (amount === undefined) throw notFound(`depositer: ${request.depositor} not found for proposal: ${id}`);
  return { id, depositor, amount };
}

export function pageOfDeposits<T>(
  ctx: QueryContext,
  request: { readonly proposalId: bigint; readonly pagination?: PageRequest | undefined },
  show: (id: number, depositor: Uint8Array, amount: bigint) => T,
): Page<T> {
  const id = numberOf(request.proposalId);
  const source = { collection: deposits, key: proposalAddressKey, within: heightKey.encode(id) };
  return paginate(ctx.store, source, request.pagination, ([, depositor], amount) => show(id, depositor, amount));
}

/** What the vote stands at, or how it ended. */
export function findTally(ctx: QueryContext, proposalId: bigint): Tally {
  const { id, proposal } = findProposal(ctx, proposalId);
  return proposal.status === STATUS.voting ? roundedTally(currentTally(ctx.store, id)) : proposal.finalTally;
}
