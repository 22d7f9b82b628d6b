import { TxMsgData } from "cosmjs-types/cosmos/base/abci/v1beta1/abci";
import { MsgSubmitProposal, MsgSubmitProposalResponse, MsgVote } from "cosmjs-types/cosmos/gov/v1/tx";
import { MsgSoftwareUpgrade } from "cosmjs-types/cosmos/upgrade/v1beta1/tx";
import type { Any } from "cosmjs-types/google/protobuf/any";
import { describe, expect, test } from "vitest";
import { encodeAddress } from "../../chain/crypto/bech32.ts";
import { GOV } from "../../modules/auth/keeper.ts";
import { EXIT_UPGRADE } from "../../node/upgrade.ts";
import { MsgUpdateParams, QueryParamsRequest, QueryParamsResponse } from "../../proto/params.ts";
import { useNetwork } from "../scenarios/network.ts";
import { call } from "../scenarios/rpc.ts";

const FIRST = [0, 1, 2, 3];
const LATE = 4;
const VERSION = "v2-test";
const INTERVAL = 500n;

describe("what governance decides", () => {
  const network = useNetwork({
    offset: 5900,
    validators: 5,
    late: [LATE],
    params: {
      "consensus.emptyBlockInterval": 250n,
      "gov.votingPeriod": 5000n,
      "gov.expeditedVotingPeriod": 2000n,
    },
    config: (config) => ({ ...config, engine: { ...config.engine, enabled: false } }),
  });
  const authority = (): string => encodeAddress(network.local.prefix, GOV);

  /** Puts a message to the vote, has four of five validators say yes, and waits for the end. @returns the height of it. */
  async function decide(title: string, message: Any): Promise<number> {
    const proposer = await network.client(0);
    const value = MsgSubmitProposal.fromPartial({
      messages: [message],
      initialDeposit: [{ denom: "uassay", amount: "10000000" }],
      proposer: proposer.address,
      title,
      summary: title,
    });
    const { data, height } = await proposer.send([{ typeUrl: MsgSubmitProposal.typeUrl, value }]);
    const [response] = TxMsgData.decode(data).msgResponses;
    const { proposalId } = MsgSubmitProposalResponse.decode(response?.value ?? new Uint8Array(0));
    for (const i of FIRST) {
      const voter = await network.operatorClient(i);
      const vote = MsgVote.fromPartial({ proposalId, voter: voter.address, option: 1 });
      await voter.send([{ typeUrl: MsgVote.typeUrl, value: vote }]);
    }
    const ended = await network.event(
      0,
      height,
      `the end of the vote on ${title}`,
      ({ type, attributes }) => type === "active_proposal" && attributes.proposal_id === proposalId.toString(),
    );
    expect(ended.attributes).toMatchObject({ proposal_result: "proposal_passed", proposal_log: "passed" });
    return ended.height;
  }

  async function intervalAfter(i: number, height: number): Promise<bigint | undefined> {
    const data = Buffer.from(QueryParamsRequest.encode({ module: "consensus" }).finish()).toString("hex");
    const { response } = await call<{ response: { value: string } }>(network.rpc(i), "abci_query", {
      path: "/assay.params.v1.Query/Params",
      data,
      height: `${height}`,
    });
    const { params } = QueryParamsResponse.decode(Buffer.from(response.value, "base64"));
    return params.find(({ name }) => name === "consensus.blockInterval")?.value;
  }

  async function timeOf(i: number, height: number): Promise<number> {
    const { block } = await call<{ block: { header: { time: string } } }>(network.rpc(i), "block", {
      height: `${height}`,
    });
    return Date.parse(block.header.time);
  }

  test("changes a parameter on all nodes from one block to the next", async () => {
    const changes = [
      { name: "consensus.blockInterval", value: INTERVAL },
      { name: "consensus.emptyBlockInterval", value: INTERVAL },
    ];
    const value = MsgUpdateParams.encode({ authority: authority(), changes }).finish();
    const height = await decide("slower blocks", { typeUrl: MsgUpdateParams.typeUrl, value });
    for (const i of FIRST) {
      await network.waitForHeight(i, height + 4);
      expect([await intervalAfter(i, height - 1), await intervalAfter(i, height)]).toEqual([200n, INTERVAL]);
    }
    // The next block is the first that keeps to it.
    for (const next of [height + 1, height + 2, height + 3, height + 4]) {
      expect((await timeOf(0, next)) - (await timeOf(0, next - 1))).toBeGreaterThanOrEqual(Number(INTERVAL));
    }
    const [first, ...others] = await Promise.all(FIRST.map((i) => network.roots(i, height, height + 4)));
    for (const roots of others) expect(roots).toEqual(first);
  });

  test("stops every node before an upgrade that it does not know, and goes on with software that does", async () => {
    const at = (await network.height(0)) + 30;
    const plan = { name: VERSION, height: BigInt(at), info: "https://example.invalid/v2" };
    const value = MsgSoftwareUpgrade.encode(MsgSoftwareUpgrade.fromPartial({ authority: authority(), plan })).finish();
    await decide("an upgrade", { typeUrl: MsgSoftwareUpgrade.typeUrl, value });

    const line = new RegExp(`^assay: UPGRADE "${VERSION}" NEEDED at height ${at} \\(https://example.invalid/v2\\): `);
    for (const i of FIRST) {
      expect(await network.end(i)).toBe(EXIT_UPGRADE);
      expect(network.log(i).trim().split("\n").at(-1)).toMatch(line);
    }
    // The same software says the same when it is started again.
    network.start(0);
    expect(await network.end(0)).toBe(EXIT_UPGRADE);
    expect(network.log(0).trim().split("\n").at(-1)).toMatch(line);

    for (const i of FIRST) network.upgrade(i, { version: VERSION });
    for (const i of FIRST) await network.waitForHeight(i, at + 2);
    const applied = await network.events(0, at, at + 1, ({ type }) => type === "upgrade_applied");
    expect(applied).toMatchObject([{ height: at, attributes: { name: VERSION, height: `${at}` } }]);
  });

  test("is what a node that replays all of it arrives at", async () => {
    // With the old software it gets as far as that goes.
    network.start(LATE);
    expect(await network.end(LATE)).toBe(EXIT_UPGRADE);
    expect(network.log(LATE).trim().split("\n").at(-1)).toMatch(/^assay: UPGRADE "v2-test" NEEDED at height \d+ /);
    network.upgrade(LATE, { version: VERSION });
    const tip = await network.height(0);
    await network.waitForHeight(LATE, tip);
    expect(await network.roots(LATE, 1, tip)).toEqual(await network.roots(0, 1, tip));
  });
});
