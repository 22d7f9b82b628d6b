import {
  QueryConstitutionRequest,
  QueryConstitutionResponse,
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
} from "cosmjs-types/cosmos/gov/v1/query";
import { fromUtf8 } from "../../chain/bytes.ts";
import type { Query, QueryContext } from "../../chain/module.ts";
import { decimalFromPpm, formatDecimal } from "../decimal.ts";
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
import { coinsOf, depositMessage, proposalMessage, tallyMessage, voteMessage } from "./proposal-view.ts";
import { constitution } from "./store.ts";

const SERVICE = "/cosmos.gov.v1.Query";

function paramsMessage(ctx: QueryContext): QueryParamsResponse {
  const params = govParams.read(ctx.params);
  const decimal = (ppm: bigint) => formatDecimal(decimalFromPpm(ppm));
  const minDeposit = coinsOf(ctx.spec, params.minDeposit);
  const maxDepositPeriod = protobufDuration(params.maxDepositPeriod);
  const votingPeriod = protobufDuration(params.votingPeriod);
  const quorum = decimal(params.quorum);
  const threshold = decimal(params.threshold);
  const vetoThreshold = decimal(params.vetoThreshold);
  return {
    votingParams: { votingPeriod },
    depositParams: { minDeposit, maxDepositPeriod },
    tallyParams: { quorum, threshold, vetoThreshold },
    params: {
      minDeposit,
      maxDepositPeriod,
      votingPeriod,
      quorum,
      threshold,
      vetoThreshold,
      minInitialDepositRatio: decimal(params.minInitialDepositRatio),
      proposalCancelRatio: decimal(params.proposalCancelRatio),
      proposalCancelDest: "",
      expeditedVotingPeriod: protobufDuration(params.expeditedVotingPeriod),
      expeditedThreshold: decimal(params.expeditedThreshold),
      expeditedMinDeposit: coinsOf(ctx.spec, params.expeditedMinDeposit),
      burnVoteQuorum: params.burnVoteQuorum === 1n,
      burnProposalDepositPrevote: params.burnProposalDepositPrevote === 1n,
      burnVoteVeto: params.burnVoteVeto === 1n,
      minDepositRatio: decimal(params.minDepositRatio),
    },
  };
}

export const queries: readonly Query[] = [
  defineQuery(`${SERVICE}/Constitution`, QueryConstitutionRequest, QueryConstitutionResponse, (ctx) => ({
    constitution: fromUtf8(constitution.get(ctx.store) ?? new Uint8Array(0)),
  })),
  defineQuery(`${SERVICE}/Proposal`, QueryProposalRequest, QueryProposalResponse, (ctx, { proposalId }) => {
    const { id, proposal } = findProposal(ctx, proposalId);
    return { proposal: proposalMessage(ctx.spec, id, proposal) };
  }),
  defineQuery(`${SERVICE}/Proposals`, QueryProposalsRequest, QueryProposalsResponse, (ctx, request) => {
    const page = pageOfProposals(ctx, request, (id, proposal) => proposalMessage(ctx.spec, id, proposal));
    return { proposals: page.items, pagination: page.pagination };
  }),
  defineQuery(`${SERVICE}/Vote`, QueryVoteRequest, QueryVoteResponse, (ctx, request) => {
    const { id, voter, vote } = requireVote(ctx, request);
    return { vote: voteMessage(ctx.spec, id, voter, vote) };
  }),
  defineQuery(`${SERVICE}/Votes`, QueryVotesRequest, QueryVotesResponse, (ctx, request) => {
    const page = pageOfVotes(ctx, request, (id, voter, vote) => voteMessage(ctx.spec, id, voter, vote));
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
    tally: tallyMessage(findTally(ctx, proposalId)),
  })),
];
