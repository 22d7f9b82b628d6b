import { PageRequest } from "cosmjs-types/cosmos/base/query/v1beta1/pagination";
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
import { TextProposal } from "cosmjs-types/cosmos/gov/v1beta1/gov";
import * as legacy from "cosmjs-types/cosmos/gov/v1beta1/query";
import { describe, expect, test } from "vitest";
import { utf8 } from "../../../chain/bytes.ts";
import { GRPC, QueryError } from "../../../chain/errors.ts";
import { accountOf, createNetwork, type Network } from "../network.ts";
import { AUTHORITY, changeParams, M, NO, submit, vote, voteWeighted, YES } from "./proposing.ts";

const V1 = "/cosmos.gov.v1.Query";
const OLD = "/cosmos.gov.v1beta1.Query";

/** Proposals 1 (voted on), 2 (rejected) and 3 (waiting for its deposit). */
function chain(): Network {
  const net = createNetwork({
    validators: { v1: 60n * M, v2: 40n * M },
    balances: { ann: 1000n * M, bob: 1000n * M },
    params: { "slashing.signedBlocksWindow": 1000n },
  });
  net.block();
  const done = submit(net);
  vote(net, done, "v1", NO);
  net.block({ after: 172_800_000 });
  const open = submit(net, { messages: [changeParams({ "gov.quorum": 1n })] });
  vote(net, open, "v1", YES);
  voteWeighted(net, open, "v2", [
    [YES, "0.5"],
    [NO, "0.5"],
  ]);
  submit(net, { deposit: M, proposer: "bob" });
  net.block();
  return net;
}

const refused = (run: () => unknown): unknown => {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof QueryError ? [error.code, error.message] : error;
  }
};

describe("the queries of governance", () => {
  const net = chain();
  const all = QueryProposalsRequest.fromPartial({});
  const proposals = (filter: Partial<QueryProposalsRequest>) =>
    QueryProposalsResponse.decode(
      net.query(`${V1}/Proposals`, QueryProposalsRequest.encode({ ...all, ...filter }).finish()),
    );
  const page = (change: Partial<PageRequest>) => ({ pagination: { ...PageRequest.fromPartial({}), ...change } });

  test("list proposals by status, voter and depositor, page by page", () => {
    const ids = (filter: Parameters<typeof proposals>[0]) => proposals(filter).proposals.map(({ id }) => id);
    expect(ids({})).toEqual([1n, 2n, 3n]);
    expect(ids({ proposalStatus: 2 })).toEqual([2n]);
    expect(ids({ voter: accountOf("v2") })).toEqual([2n]);
    expect(ids({ depositor: accountOf("bob") })).toEqual([3n]);
    const { proposals: first, pagination } = proposals(page({ limit: 2n }));
    expect(first).toHaveLength(2);
    expect(ids(page({ key: pagination?.nextKey ?? new Uint8Array() }))).toEqual([3n]);
  });

  test("show a proposal, new and old style", () => {
    const request = QueryProposalRequest.encode({ proposalId: 2n }).finish();
    const { proposal } = QueryProposalResponse.decode(net.query(`${V1}/Proposal`, request));
    expect(proposal).toMatchObject({
      id: 2n,
      status: 2,
      title: "A title",
      proposer: accountOf("ann"),
      expedited: false,
    });
    expect(proposal?.messages).toEqual([changeParams({ "gov.quorum": 1n }, AUTHORITY)]);
    const old = legacy.QueryProposalResponse.decode(net.query(`${OLD}/Proposal`, request)).proposal;
    expect(old.proposalId).toBe(2n);
    expect(TextProposal.decode(old.content?.value ?? new Uint8Array())).toEqual({
      title: "A title",
      description: "A summary",
    });
  });

  test("show votes and the tally while they count, and the tally afterwards", () => {
    const votesOf = (proposalId: bigint) =>
      QueryVotesResponse.decode(
        net.query(`${V1}/Votes`, QueryVotesRequest.encode(QueryVotesRequest.fromPartial({ proposalId })).finish()),
      ).votes;
    expect(votesOf(2n)).toHaveLength(2);
    expect(votesOf(1n)).toEqual([]);
    const request = QueryVoteRequest.encode({ proposalId: 2n, voter: accountOf("v2") }).finish();
    const half = "0.500000000000000000";
    expect(QueryVoteResponse.decode(net.query(`${V1}/Vote`, request)).vote?.options).toEqual([
      { option: YES, weight: half },
      { option: NO, weight: half },
    ]);
    expect(legacy.QueryVoteResponse.decode(net.query(`${OLD}/Vote`, request)).vote).toMatchObject({
      option: 0,
      options: [
        { option: YES, weight: "500000000000000000" },
        { option: NO, weight: "500000000000000000" },
      ],
    });
    const tally = (proposalId: bigint) =>
      QueryTallyResultResponse.decode(
        net.query(`${V1}/TallyResult`, QueryTallyResultRequest.encode({ proposalId }).finish()),
      ).tally;
    expect(tally(2n)).toEqual({ yesCount: "80000000", abstainCount: "0", noCount: "20000000", noWithVetoCount: "0" });
    expect(tally(1n)?.noCount).toBe("60000000");
  });

  test("show deposits", () => {
    const request = QueryDepositsRequest.encode(QueryDepositsRequest.fromPartial({ proposalId: 3n })).finish();
    for (const service of [V1, OLD]) {
      expect(QueryDepositsResponse.decode(net.query(`${service}/Deposits`, request)).deposits).toEqual([
        { proposalId: 3n, depositor: accountOf("bob"), amount: [{ denom: "uassay", amount: "1000000" }] },
      ]);
    }
  });

  test("show the parameters, new style all at once, old style one kind at a time", () => {
    const { params } = QueryParamsResponse.decode(
      net.query(`${V1}/Params`, QueryParamsRequest.encode({ paramsType: "" }).finish()),
    );
    expect(params).toMatchObject({
      quorum: "0.334000000000000000",
      burnVoteVeto: true,
      votingPeriod: { seconds: 172_800n },
    });
    const old = (paramsType: string) =>
      legacy.QueryParamsResponse.decode(
        net.query(`${OLD}/Params`, legacy.QueryParamsRequest.encode({ paramsType }).finish()),
      );
    expect(old("tallying").tallyParams.quorum).toEqual(utf8("334000000000000000"));
    expect(old("voting").votingParams.votingPeriod).toEqual({ seconds: 172_800n, nanos: 0 });
    expect(old("deposit").depositParams.minDeposit).toEqual([{ denom: "uassay", amount: "10000000" }]);
    expect(refused(() => old("all"))).toEqual([GRPC.invalidArgument, "all is not a valid parameter type"]);
  });

  test("say what does not exist", () => {
    const proposal = (proposalId: bigint) =>
      net.query(`${V1}/Proposal`, QueryProposalRequest.encode({ proposalId }).finish());
    expect(refused(() => proposal(9n))).toEqual([GRPC.notFound, "proposal 9 doesn't exist: key not found"]);
    expect(refused(() => proposal(0n))).toEqual([GRPC.invalidArgument, "proposal id can not be 0"]);
    const request = QueryVoteRequest.encode({ proposalId: 1n, voter: accountOf("v1") }).finish();
    expect(refused(() => net.query(`${V1}/Vote`, request))).toMatchObject([
      GRPC.notFound,
      expect.stringMatching(/not found for proposal: 1/),
    ]);
  });
});
