import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { CommunityPoolSpendProposal } from "cosmjs-types/cosmos/distribution/v1beta1/distribution";
import { MsgCommunityPoolSpend } from "cosmjs-types/cosmos/distribution/v1beta1/tx";
import { MsgExecLegacyContent, MsgSubmitProposal, MsgVoteWeighted } from "cosmjs-types/cosmos/gov/v1/tx";
import { TextProposal } from "cosmjs-types/cosmos/gov/v1beta1/gov";
import {
  MsgDeposit as LegacyDeposit,
  MsgSubmitProposal as LegacySubmit,
  MsgVote as LegacyVote,
  MsgVoteWeighted as LegacyVoteWeighted,
} from "cosmjs-types/cosmos/gov/v1beta1/tx";
import { ParameterChangeProposal } from "cosmjs-types/cosmos/params/v1beta1/params";
import { MsgSoftwareUpgrade } from "cosmjs-types/cosmos/upgrade/v1beta1/tx";
import { CancelSoftwareUpgradeProposal, SoftwareUpgradeProposal } from "cosmjs-types/cosmos/upgrade/v1beta1/upgrade";
import type { Any } from "cosmjs-types/google/protobuf/any";
import { describe, expect, test } from "vitest";
import { balance } from "../../../modules/bank/keeper.ts";
import { fundCommunityPool } from "../../../modules/distribution/community-pool.ts";
import { messagesOf } from "../../../modules/gov/proposals.ts";
import { STATUS, votes } from "../../../modules/gov/store.ts";
import { plannedUpgrade } from "../../../modules/upgrade/keeper.ts";
import { accountOf, addressOf, createNetwork, type Network, refusal } from "../network.ts";
import {
  AUTHORITY,
  afterwards,
  changeParams,
  coins,
  M,
  proposal,
  stored,
  submit,
  vote,
  voteWeighted,
  YES,
} from "./proposing.ts";

const TWO_DAYS = 172_800_000;
const ONE = "1000000000000000000";

function chain(): Network {
  const net = createNetwork({
    validators: { v1: 60n * M, v2: 40n * M },
    balances: { ann: 1000n * M, bob: 1000n * M },
    params: { "slashing.signedBlocksWindow": 1000n },
  });
  net.block();
  return net;
}

/** Nothing may change by what is refused. */
function refused(net: Network, run: () => unknown): string | undefined {
  const before = net.dump();
  const found = refusal(run);
  expect(net.dump()).toEqual(before);
  return found && `${found.code} ${found.text}`;
}

const send = (from: string): Any => ({
  typeUrl: MsgSend.typeUrl,
  value: MsgSend.encode({ fromAddress: from, toAddress: accountOf("bob"), amount: coins(1n) }).finish(),
});

describe("a proposal is refused", () => {
  const text = (change: Partial<MsgSubmitProposal>): Uint8Array =>
    MsgSubmitProposal.encode({ ...MsgSubmitProposal.decode(proposal()), ...change }).finish();

  test.each<[string, Uint8Array, RegExp]>([
    ["without a title", text({ title: "" }), /^sdk\/18 proposal title cannot be empty/],
    ["without a summary", text({ summary: "" }), /^sdk\/18 proposal summary cannot be empty/],
    ["with a long title", text({ title: "x".repeat(256) }), /^gov\/15 got title with length 256: metadata too long/],
    ["with a long summary", text({ summary: "x".repeat(10_201) }), /^gov\/22 .*10201: summary too long/],
    [
      "with long metadata",
      text({ metadata: "x".repeat(256) }),
      /^gov\/15 got metadata with length 256: metadata too long/,
    ],
    [
      "that says nothing",
      text({ metadata: "" }),
      /^gov\/11 either metadata or Msgs length must be non-nil: no messages proposed/,
    ],
    [
      "with too many messages",
      text({ messages: Array(33).fill(changeParams({ "gov.quorum": 1n })) }),
      /^sdk\/18 33 messages/,
    ],
    [
      "with an unknown message",
      text({ messages: [{ typeUrl: "/a.B", value: new Uint8Array() }] }),
      /^gov\/10 \/a\.B: proposal message not/,
    ],
    [
      "with a malformed message",
      text({ messages: [{ ...send(AUTHORITY), value: Uint8Array.of(7) }] }),
      /^gov\/12 .*invalid proposal message/,
    ],
    [
      "with a message that validates to nothing",
      text({ messages: [changeParams({})] }),
      /^gov\/12 .*invalid proposal message/,
    ],
    [
      "with somebody else's message",
      text({ messages: [send(accountOf("ann"))] }),
      /^gov\/13 assay1.*: expected gov account as only signer/,
    ],
    [
      "with a proposal in it",
      text({ messages: [{ typeUrl: MsgSubmitProposal.typeUrl, value: proposal() }] }),
      /^gov\/12 .*can not be carried/,
    ],
    [
      "with a foreign coin",
      text({ initialDeposit: [{ denom: "other", amount: "5" }] }),
      /^gov\/23 .*invalid deposit denom/,
    ],
    [
      "with too little",
      text({ initialDeposit: coins(99_999n) }),
      /^gov\/16 received 99999uassay but need at least one of the following: 100000uassay/,
    ],
    ["with nothing", text({ initialDeposit: [] }), /^gov\/16/],
    ["with more than there is", text({ initialDeposit: coins(2000n * M) }), /^sdk\/5/],
    ["by nobody", text({ proposer: "cosmos1" }), /^sdk\/7/],
  ])("%s", (_name, value, expected) => {
    const net = chain();
    expect(refused(net, () => net.run(MsgSubmitProposal.typeUrl, value))).toMatch(expected);
  });

  test("with less than the initial part of the deposit", () => {
    const net = createNetwork({ balances: { ann: 100n * M }, params: { "gov.minInitialDepositRatio": 250_000n } });
    expect(refused(net, () => submit(net, { deposit: 2_499_999n }))).toBe(
      "gov/16 was (2499999uassay), need (2500000uassay): minimum deposit is too small",
    );
    submit(net, { deposit: 2_500_000n });
  });
});

test("a weighted vote is refused unless its weights are positive, distinct and make one", () => {
  const net = chain();
  const id = submit(net);
  const cast = (...weights: (readonly [number, string])[]) => refused(net, () => voteWeighted(net, id, "v1", weights));
  expect(cast()).toMatch(/^sdk\/18/);
  expect(cast([1, "0.5"])).toBe("gov/7 total weight lower than 1.00: invalid vote option");
  expect(cast([1, "1"], [2, "0.000000000000000001"])).toBe("gov/7 total weight overflow 1.00: invalid vote option");
  expect(cast([1, "0.5"], [1, "0.5"])).toBe("gov/7 duplicated vote option: invalid vote option");
  for (const bad of ["0", "-1", "1.1", "x", ""]) expect(cast([1, bad])).toMatch(/^gov\/7/);
  for (const option of [0, 5]) expect(cast([option, "1"])).toMatch(/^gov\/7/);
  expect(refused(net, () => vote(net, 9, "v1", YES))).toBe("gov/3 9: inactive proposal");
  const wire = MsgVoteWeighted.encode({
    proposalId: 2n ** 63n,
    voter: accountOf("v1"),
    options: [{ option: 1, weight: "1" }],
    metadata: "",
  }).finish();
  expect(refused(net, () => net.run(MsgVoteWeighted.typeUrl, wire))).toMatch(/^gov\/17/);
});

describe("an old-style proposal", () => {
  const submitLegacy = (net: Network, typeUrl: string, value: Uint8Array, deposit = 10n * M) =>
    net.run(
      LegacySubmit.typeUrl,
      LegacySubmit.encode({
        content: { typeUrl, value },
        initialDeposit: coins(deposit),
        proposer: accountOf("ann"),
      }).finish(),
    );
  const words = { title: "Old", description: "As CosmJS sends it" };

  test("of a text is voted on with old-style messages and does nothing", () => {
    const net = chain();
    submitLegacy(net, TextProposal.typeUrl, TextProposal.encode(words).finish(), 4n * M);
    const more = { proposalId: 1n, depositor: accountOf("bob"), amount: coins(6n * M) };
    net.run(LegacyDeposit.typeUrl, LegacyDeposit.encode(more).finish());
    net.run(LegacyVote.typeUrl, LegacyVote.encode({ proposalId: 1n, voter: accountOf("v1"), option: 1 }).finish());
    const split = [
      { option: 1, weight: "400000000000000000" },
      { option: 2, weight: "600000000000000000" },
    ];
    net.run(
      LegacyVoteWeighted.typeUrl,
      LegacyVoteWeighted.encode({ proposalId: 1n, voter: accountOf("v2"), options: split }).finish(),
    );
    expect(votes.get(net.store, [1, addressOf("v1")])?.options).toEqual([{ option: 1, weight: BigInt(ONE) }]);
    const [message] = messagesOf(stored(net, 1));
    expect(message?.typeUrl).toBe(MsgExecLegacyContent.typeUrl);
    expect(afterwards(net, TWO_DAYS)).toBe("proposal_passed");
    expect(net.violations()).toEqual([]);
  });

  test("pays from the community pool", () => {
    const net = chain();
    fundCommunityPool(net.context(), addressOf("bob"), [{ denom: "uassay", amount: 100n * M }]);
    const value = CommunityPoolSpendProposal.encode({ ...words, recipient: accountOf("cat"), amount: coins(30n * M) });
    submitLegacy(net, CommunityPoolSpendProposal.typeUrl, value.finish());
    vote(net, 1, "v1", YES);
    expect(afterwards(net, TWO_DAYS)).toBe("proposal_passed");
    expect(balance(net.store, addressOf("cat"), "uassay")).toBe(30n * M);
    expect(net.violations()).toEqual([]);
  });

  test("plans an upgrade and calls it off", () => {
    const net = chain();
    const plan = { name: "v9", height: 1000n, info: "", time: { seconds: 0n, nanos: 0 } };
    submitLegacy(net, SoftwareUpgradeProposal.typeUrl, SoftwareUpgradeProposal.encode({ ...words, plan }).finish());
    vote(net, 1, "v1", YES);
    expect(afterwards(net, TWO_DAYS)).toBe("proposal_passed");
    expect(plannedUpgrade(net.store)).toEqual({ name: "v9", height: 1000, info: "" });
    submitLegacy(net, CancelSoftwareUpgradeProposal.typeUrl, CancelSoftwareUpgradeProposal.encode(words).finish());
    vote(net, 2, "v1", YES);
    expect(afterwards(net, TWO_DAYS)).toBe("proposal_passed");
    expect(plannedUpgrade(net.store)).toBeUndefined();
  });

  test.each<[string, string, Uint8Array, RegExp]>([
    [
      "a change of parameters, with the way to do it",
      ParameterChangeProposal.typeUrl,
      ParameterChangeProposal.encode({ ...words, changes: [] }).finish(),
      /^gov\/9 parameters are changed by .*assay\.params\.v1\.MsgUpdateParams: no handler exists/,
    ],
    ["an unknown content", "/a.B", new Uint8Array(), /^gov\/9 \/a\.B: no handler exists for proposal type/],
    ["a malformed content", TextProposal.typeUrl, Uint8Array.of(7), /^gov\/5 .*invalid proposal content/],
    ["a blank title", TextProposal.typeUrl, TextProposal.encode({ ...words, title: " " }).finish(), /^gov\/5 .*blank/],
    [
      "a long title",
      TextProposal.typeUrl,
      TextProposal.encode({ ...words, title: "x".repeat(141) }).finish(),
      /^gov\/5 .*max length of 140/,
    ],
    [
      "a long description",
      TextProposal.typeUrl,
      TextProposal.encode({ ...words, description: "x".repeat(10_001) }).finish(),
      /^gov\/5 .*max length of 10000/,
    ],
  ])("is refused: %s", (_name, typeUrl, value, expected) => {
    const net = chain();
    expect(refused(net, () => submitLegacy(net, typeUrl, value))).toMatch(expected);
  });
});

test("a proposal spends from the community pool as a message; what only governance may do, nobody else does", () => {
  const net = chain();
  fundCommunityPool(net.context(), addressOf("bob"), [{ denom: "uassay", amount: 100n * M }]);
  const spend = (authority: string): Any => ({
    typeUrl: MsgCommunityPoolSpend.typeUrl,
    value: MsgCommunityPoolSpend.encode({ authority, recipient: accountOf("cat"), amount: coins(M) }).finish(),
  });
  const id = submit(net, { messages: [spend(AUTHORITY)] });
  vote(net, id, "v1", YES);
  expect(afterwards(net, TWO_DAYS)).toBe("proposal_passed");
  expect(stored(net, id).status).toBe(STATUS.passed);
  expect(balance(net.store, addressOf("cat"), "uassay")).toBe(M);

  const plan = { name: "v9", height: 1000n, info: "" };
  const upgrade = MsgSoftwareUpgrade.encode(
    MsgSoftwareUpgrade.fromPartial({ authority: accountOf("ann"), plan }),
  ).finish();
  for (const { typeUrl, value } of [
    changeParams({ "gov.quorum": 1n }, accountOf("ann")),
    { typeUrl: MsgSoftwareUpgrade.typeUrl, value: upgrade },
    spend(accountOf("ann")),
  ]) {
    expect(refused(net, () => net.run(typeUrl, value))).toMatch(
      /^sdk\/4 invalid authority; expected assay1.*, got assay1/,
    );
  }
});
