import { MsgCancelProposal } from "cosmjs-types/cosmos/gov/v1/tx";
import { describe, expect, test } from "vitest";
import { fromUtf8 } from "../../../chain/bytes.ts";
import { readParams } from "../../../chain/executor/chain-state.ts";
import { balance, supply } from "../../../modules/bank/keeper.ts";
import { DEPOSITS, MAX_DEPOSITORS } from "../../../modules/gov/deposits.ts";
import { deposits, NO_TALLY, proposals, STATUS, votes, votingQueue } from "../../../modules/gov/store.ts";
import { accountOf, addressOf, createNetwork, type Network, refusal } from "../network.ts";
import { afterwards, changeParams, deposit, M, NO, stored, submit, VETO, vote, YES } from "./proposing.ts";

const DAY = 86_400_000;
const TWO_DAYS = 2 * DAY;
const RICH = 1000n * M;

function chain(params: Readonly<Record<string, bigint>> = {}): Network {
  const net = createNetwork({
    validators: { v1: 60n * M, v2: 40n * M },
    balances: { ann: RICH, bob: RICH },
    params: { "slashing.signedBlocksWindow": 1000n, ...params },
  });
  net.block();
  return net;
}

const held = (net: Network, name: string): bigint => balance(net.store, addressOf(name), "uassay");

function cancel(net: Network, id: number, proposer: string): void {
  const value = MsgCancelProposal.encode({ proposalId: BigInt(id), proposer: accountOf(proposer) }).finish();
  net.run(MsgCancelProposal.typeUrl, value);
}

describe("the deposit", () => {
  test("of several accounts begins the vote as soon as it is enough, and comes back to each of them at the end", () => {
    const net = chain();
    const id = submit(net, { deposit: 4n * M });
    expect(stored(net, id)).toMatchObject({ status: STATUS.deposit, totalDeposit: 4n * M, votingStartTime: 0 });
    expect(refusal(() => vote(net, id, "v1", YES))).toEqual({ code: "gov/3", text: "1: inactive proposal" });
    deposit(net, id, "bob", 6n * M - 1n);
    expect(stored(net, id).status).toBe(STATUS.deposit);
    deposit(net, id, "bob", 100_000n);
    const { status, votingStartTime, votingEndTime, depositors } = stored(net, id);
    expect([status, votingEndTime - votingStartTime, depositors]).toEqual([STATUS.voting, TWO_DAYS, 2]);
    expect(balance(net.store, DEPOSITS, "uassay")).toBe(10n * M + 99_999n);
    // A vote takes more.
    deposit(net, id, "ann", M);
    expect(net.violations()).toEqual([]);
    expect(afterwards(net, TWO_DAYS)).toBe("proposal_rejected");
    expect([held(net, "ann"), held(net, "bob"), balance(net.store, DEPOSITS, "uassay")]).toEqual([RICH, RICH, 0n]);
    expect(net.violations()).toEqual([]);
  });

  test("that does not come together in time is paid back, and the proposal is forgotten", () => {
    const net = chain();
    const id = submit(net, { deposit: 4n * M });
    expect(afterwards(net, TWO_DAYS - 1)).toBeUndefined();
    expect(afterwards(net, 1)).toBe("proposal_dropped");
    expect(proposals.get(net.store, id)).toBeUndefined();
    expect(held(net, "ann")).toBe(RICH);
    expect(net.violations()).toEqual([]);
  });

  test("is burnt for that where the parameter says so", () => {
    const net = chain({ "gov.burnProposalDepositPrevote": 1n });
    const before = supply(net.store, "uassay");
    submit(net, { deposit: 4n * M });
    afterwards(net, TWO_DAYS);
    expect([held(net, "ann"), supply(net.store, "uassay")]).toEqual([RICH - 4n * M, before - 4n * M]);
    expect(net.violations()).toEqual([]);
  });

  test("has few owners, and is enough before they are too many", () => {
    const net = chain({ "gov.minDepositRatio": 5000n });
    const least = 50_000n;
    const fund = net.context();
    const names = Array.from({ length: MAX_DEPOSITORS + 1 }, (_, i) => `p${i}`);
    const id = submit(net, { deposit: least });
    for (const name of names.slice(1)) {
      deposit(net, id, "bob", least);
      const bobs = deposits.get(net.store, [id, addressOf("bob")]) ?? 0n;
      expect(bobs).toBeGreaterThan(0n);
      if (stored(net, id).status === STATUS.voting) break;
      expect(name).not.toBe(names.at(-1));
    }
    expect(stored(net, id).status).toBe(STATUS.voting);
    proposals.set(fund.store, id, { ...stored(net, id), depositors: MAX_DEPOSITORS });
    expect(refusal(() => deposit(net, id, "v1", least))?.code).toBe("sdk/18");
    deposit(net, id, "bob", least);
  });
});

describe("the end of a vote", () => {
  test("passes, runs the messages, and keeps the tally when votes are long forgotten", () => {
    const net = chain();
    const id = submit(net, { messages: [changeParams({ "gov.quorum": 400_000n })] });
    vote(net, id, "v1", YES);
    expect(afterwards(net, TWO_DAYS)).toBe("proposal_passed");
    expect(stored(net, id)).toMatchObject({
      status: STATUS.passed,
      finalTally: { ...NO_TALLY, yes: 60n * M },
      totalDeposit: 10n * M,
    });
    expect(readParams(net.store).get("gov.quorum")).toBe(400_000n);
    expect(net.params.get("gov.quorum")).toBe(334_000n);
    net.block();
    expect(net.params.get("gov.quorum")).toBe(400_000n);
    expect(votes.entries(net.store)).toEqual([]);
    expect(net.violations()).toEqual([]);
  });

  test("is rejected below the quorum and by noes; the deposit comes back", () => {
    const net = chain();
    const silent = submit(net);
    const refused = submit(net);
    vote(net, refused, "v1", NO);
    vote(net, refused, "v2", YES);
    net.block({ after: TWO_DAYS });
    expect([stored(net, silent).status, stored(net, refused).status]).toEqual([STATUS.rejected, STATUS.rejected]);
    expect(held(net, "ann")).toBe(RICH);
    expect(net.violations()).toEqual([]);
  });

  test("by veto burns the deposit", () => {
    const net = chain();
    const before = supply(net.store, "uassay");
    const id = submit(net);
    vote(net, id, "v1", YES);
    vote(net, id, "v2", VETO);
    expect(afterwards(net, TWO_DAYS)).toBe("proposal_rejected");
    expect([held(net, "ann"), supply(net.store, "uassay")]).toEqual([RICH - 10n * M, before - 10n * M]);
    expect(net.violations()).toEqual([]);
  });

  test("with a message that fails has no effect but a reason", () => {
    const net = chain();
    const before = readParams(net.store);
    const id = submit(net, {
      messages: [changeParams({ "gov.quorum": 400_000n }), changeParams({ "gov.votingPeriod": 20_000n })],
    });
    vote(net, id, "v1", YES);
    expect(afterwards(net, TWO_DAYS)).toBe("proposal_failed");
    const { status, failedReason } = stored(net, id);
    expect(status).toBe(STATUS.failed);
    expect(fromUtf8(failedReason)).toMatch(
      /^message 1: gov\.votingPeriod must be more than gov\.expeditedVotingPeriod = 86400000.*: failed to set parameter$/,
    );
    expect(readParams(net.store)).toEqual(before);
    expect(held(net, "ann")).toBe(RICH);
    expect(net.violations()).toEqual([]);
  });

  test("with messages that need more gas than allowed fails, too", () => {
    const net = chain({ "gov.maxExecutionGas": 1_000_000n });
    const many = Array.from({ length: 32 }, () => changeParams({ "gov.quorum": 400_000n }));
    const id = submit(net, { messages: many });
    vote(net, id, "v1", YES);
    expect(afterwards(net, TWO_DAYS)).toBe("proposal_failed");
    expect(fromUtf8(stored(net, id).failedReason)).toMatch(/out of gas/);
    expect(readParams(net.store).get("gov.quorum")).toBe(334_000n);
  });

  test("of many at once takes several blocks, and nobody votes in between", () => {
    const net = chain();
    const ids = Array.from({ length: 9 }, () => submit(net));
    net.block({ after: TWO_DAYS });
    const open = () => ids.filter((id) => stored(net, id).status === STATUS.voting);
    expect(open()).toHaveLength(5);
    expect(refusal(() => vote(net, open()[0] ?? 0, "v1", YES))?.code).toBe("gov/3");
    net.block();
    net.block();
    expect(open()).toEqual([]);
    expect(net.violations()).toEqual([]);
  });
});

describe("an expedited proposal", () => {
  const expedited = (net: Network): number => submit(net, { expedited: true, deposit: 50n * M });

  test("needs more deposit and more yes, and ends sooner", () => {
    const net = chain();
    const waiting = submit(net, { expedited: true, deposit: 49n * M });
    expect(stored(net, waiting).status).toBe(STATUS.deposit);
    const id = expedited(net);
    vote(net, id, "v1", YES);
    vote(net, id, "v2", YES);
    expect(afterwards(net, DAY)).toBe("proposal_passed");
  });

  test("that fails goes on as a normal one, with the votes it has", () => {
    const net = chain();
    const id = expedited(net);
    vote(net, id, "v1", YES);
    vote(net, id, "v2", NO);
    expect(afterwards(net, DAY)).toBe("expedited_proposal_rejected");
    const { status, expedited: still, votingStartTime, votingEndTime } = stored(net, id);
    expect([status, still, votingEndTime - votingStartTime]).toEqual([STATUS.voting, false, TWO_DAYS]);
    expect(held(net, "ann")).toBe(RICH - 50n * M);
    expect(net.violations()).toEqual([]);
    expect(afterwards(net, DAY)).toBe("proposal_passed");
    expect(held(net, "ann")).toBe(RICH);
  });
});

test("the checks catch a deposit that is gone, a queue that lost a proposal, and a vote on nothing", () => {
  const net = chain();
  const id = submit(net);
  vote(net, id, "v1", YES);
  expect(net.violations()).toEqual([]);
  const { votingEndTime } = stored(net, id);
  votingQueue.delete(net.store, [votingEndTime, id]);
  expect(net.violations()).toEqual([`gov.queues: not queued: ${id} in voting until ${votingEndTime}`]);
  votingQueue.set(net.store, [votingEndTime, id], true);
  deposits.set(net.store, [id, addressOf("ann")], 11n * M);
  expect(net.violations()).toEqual([
    `gov.deposits: proposal ${id}: deposits of 11000000, not 10000000`,
    "gov.deposits: 10000000uassay are held for deposits of 11000000uassay",
  ]);
  deposits.set(net.store, [id, addressOf("ann")], 10n * M);
  votes.set(net.store, [7, addressOf("bob")], {
    options: [{ option: YES, weight: 10n ** 18n }],
    metadata: new Uint8Array(0),
  });
  expect(net.violations().join()).toMatch(/a vote on proposal 7, which is not voted on.*not indexed/);
});

describe("cancelling", () => {
  test.each([
    ["before", 4n * M],
    ["during", 10n * M],
  ])("%s the vote costs half the deposits, and the proposal is gone", (_when, amount) => {
    const net = chain();
    const before = supply(net.store, "uassay");
    const id = submit(net, { deposit: amount });
    if (amount === 10n * M) vote(net, id, "v1", YES);
    cancel(net, id, "ann");
    expect(proposals.get(net.store, id)).toBeUndefined();
    expect([held(net, "ann"), supply(net.store, "uassay")]).toEqual([RICH - amount / 2n, before - amount / 2n]);
    net.block();
    expect(votingQueue.entries(net.store)).toEqual([]);
    expect(votes.entries(net.store)).toEqual([]);
    expect(net.violations()).toEqual([]);
  });

  test("is the proposer's alone, and not for what has ended", () => {
    const net = chain();
    const id = submit(net);
    expect(refusal(() => cancel(net, id, "bob"))?.code).toBe("gov/18");
    expect(refusal(() => cancel(net, 99, "ann"))?.code).toBe("gov/17");
    net.block({ after: TWO_DAYS });
    expect(refusal(() => cancel(net, id, "ann"))).toEqual({
      code: "gov/21",
      text: "proposal should be in the deposit or voting period: invalid proposal",
    });
    const late = Array.from({ length: 5 }, () => submit(net));
    net.block({ after: TWO_DAYS });
    expect(refusal(() => cancel(net, late[4] ?? 0, "ann"))?.code).toBe("gov/20");
  });
});
