import { proposalStatusFromJSON } from "cosmjs-types/cosmos/gov/v1/gov";
import {
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
import { address, choice, integer, optional } from "../tx/kinds.ts";
import { type QueryRow, queryRow } from "./row.ts";

const SERVICE = "cosmos.gov.v1.Query";

export const govQueries: readonly QueryRow[] = [
  queryRow({
    path: "gov proposals",
    summary: "all proposals",
    method: `${SERVICE}/Proposals`,
    codecs: [QueryProposalsRequest, QueryProposalsResponse],
    flags: {
      status: optional(choice("deposit_period", "voting_period", "passed", "rejected", "failed"), "only those"),
      voter: optional(address, "only those that it has voted on"),
      depositor: optional(address, "only those that it has deposited on"),
    },
    isPaged: true,
    request: ({ status, voter, depositor }, pagination) => ({
      proposalStatus: status === undefined ? 0 : proposalStatusFromJSON(`PROPOSAL_STATUS_${status.toUpperCase()}`),
      voter: voter ?? "",
      depositor: depositor ?? "",
      pagination,
    }),
  }),
  queryRow({
    path: "gov proposal",
    summary: "one proposal with its messages",
    method: `${SERVICE}/Proposal`,
    codecs: [QueryProposalRequest, QueryProposalResponse],
    args: { proposal: integer },
    request: ({ proposal }) => ({ proposalId: proposal }),
  }),
  queryRow({
    path: "gov votes",
    summary: "the votes on a proposal, while it is voted on",
    method: `${SERVICE}/Votes`,
    codecs: [QueryVotesRequest, QueryVotesResponse],
    args: { proposal: integer },
    isPaged: true,
    request: ({ proposal }, pagination) => ({ proposalId: proposal, pagination }),
  }),
  queryRow({
    path: "gov vote",
    summary: "how an account has voted",
    method: `${SERVICE}/Vote`,
    codecs: [QueryVoteRequest, QueryVoteResponse],
    args: { proposal: integer, voter: address },
    request: ({ proposal, voter }) => ({ proposalId: proposal, voter }),
  }),
  queryRow({
    path: "gov deposits",
    summary: "a proposal's deposits",
    method: `${SERVICE}/Deposits`,
    codecs: [QueryDepositsRequest, QueryDepositsResponse],
    args: { proposal: integer },
    isPaged: true,
    request: ({ proposal }, pagination) => ({ proposalId: proposal, pagination }),
  }),
  queryRow({
    path: "gov tally",
    summary: "how a vote stands, or how it ended",
    method: `${SERVICE}/TallyResult`,
    codecs: [QueryTallyResultRequest, QueryTallyResultResponse],
    args: { proposal: integer },
    request: ({ proposal }) => ({ proposalId: proposal }),
  }),
  queryRow({
    path: "gov params",
    summary: "parameters of governance, as the Cosmos SDK has them",
    method: `${SERVICE}/Params`,
    codecs: [QueryParamsRequest, QueryParamsResponse],
    request: () => ({ paramsType: "" }),
  }),
];
