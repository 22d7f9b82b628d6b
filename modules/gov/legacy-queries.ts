import {
  QueryDepositRequest,
  QueryDepositResponse,
  QueryDepositsRequest,
  QueryDepositsResponse,
  QueryParamsRequest,
  QueryParamsResponse,
  QueryProposalRequest,
  QueryProposalResponse,
  QueryProposalsRequest,
  QueryProposalsResponse,
  QueryTallyResultRequest,
  QueryTallyResultResponse,
  QueryVoteRequest,
  QueryVoteResponse,
  QueryVotesRequest,
  QueryVotesResponse,
} from "cosmjs-types/cosmos/gov/v1beta1/query";
import { utf8 } from "../../chain/bytes.ts";
import { GRPC, QueryError } from "../../chain/errors.ts";
import type { Query, QueryContext } from "../../chain/module.ts";
import { decimalFromPpm } from "../decimal.ts";
import { defineQuery } from "../define-query.ts";
import { protobufDuration } from "../timestamps.ts";
import {
  findProposal,
  findTally,
  pageOfDeposits,
  pageOfProposals,
  pageOfVotes,
  requireDeposit,
  requireVote,
} from "./lookup.ts";
import { govParams } from "./params.ts";
import {
  coinsOf,
  depositMessage,
  legacyProposalMessage,
  legacyTallyMessage,
  legacyVoteMessage,
} from "./proposal-view.ts";

const SERVICE = "/cosmos.gov.v1beta1.Query";

/** What was not asked for is zero, as in the Cosmos SDK. */
function paramsMessage(ctx: QueryContext, { paramsType }: QueryParamsRequest): QueryParamsResponse {
  if (!["voting", "deposit", "tallying"].includes(paramsType)) {
    throw new QueryError(GRPC.invalidArgument, `${paramsType.slice(0, 64)} is not a valid parameter type`);
  }
  const params = govParams.read(ctx.params);
  const asked = (type: string, ppmOrMs: bigint) => (paramsType === type ? ppmOrMs : 0n);
  // In these three fields protobuf says `bytes` and means the digits of a scaled decimal.
  const digits = (ppm: bigint) => utf8(decimalFromPpm(asked("tallying", ppm)).toString());
  return {
    votingParams: { votingPeriod: protobufDuration(asked("voting", params.votingPeriod)) },
    depositParams: {
      minDeposit: coinsOf(ctx.spec, asked("deposit", params.minDeposit)),
      maxDepositPeriod: protobufDuration(asked("deposit", params.maxDepositPeriod)),
    },
    tallyParams: {
      quorum: digits(params.quorum),
      threshold: digits(params.threshold),
      vetoThreshold: digits(params.vetoThreshold),
    },
  };
}

/** What CosmJS's gov extension asks. */
export const legacyQueries: readonly Query[] = [
  defineQuery(`${SERVICE}/Proposal`, QueryProposalRequest, QueryProposalResponse, (ctx, { proposalId }) => {
    const { id, proposal } = findProposal(ctx, proposalId);
    return { proposal: legacyProposalMessage(ctx.spec, id, proposal) };
  }),
  defineQuery(`${SERVICE}/Proposals`, QueryProposalsRequest, QueryProposalsResponse, (ctx, request) => {
    const page = pageOfProposals(ctx, request, (id, proposal) => legacyProposalMessage(ctx.spec, id, proposal));
    return { proposals: page.items, pagination: page.pagination };
  }),
  defineQuery(`${SERVICE}/Vote`, QueryVoteRequest, QueryVoteResponse, (ctx, request) => {
    const { id, voter, vote } = requireVote(ctx, request);
    return { vote: legacyVoteMessage(ctx.spec, id, voter, vote) };
  }),
  defineQuery(`${SERVICE}/Votes`, QueryVotesRequest, QueryVotesResponse, (ctx, request) => {
    const page = pageOfVotes(ctx, request, (id, voter, vote) => legacyVoteMessage(ctx.spec, id, voter, vote));
    return { votes: page.items, pagination: page.pagination };
  }),
  defineQuery(`${SERVICE}/Params`, QueryParamsRequest, QueryParamsResponse, paramsMessage),
  defineQuery(`${SERVICE}/Deposit`, QueryDepositRequest, QueryDepositResponse, (ctx, request) => {
    const { id, depositor, amount } = requireDeposit(ctx, request);
    return { deposit: depositMessage(ctx.spec, id, depositor, amount) };
  }),
  defineQuery(`${SERVICE}/Deposits`, QueryDepositsRequest, QueryDepositsResponse, (ctx, request) => {
    const page = pageOfDeposits(ctx, request, (...found) => depositMessage(ctx.spec, ...found));
    return { deposits: page.items, pagination: page.pagination };
  }),
  defineQuery(`${SERVICE}/TallyResult`, QueryTallyResultRequest, QueryTallyResultResponse, (ctx, { proposalId }) => ({
    tally: legacyTallyMessage(findTally(ctx, proposalId)),
  })),
];
