import { MsgUndelegate } from "cosmjs-types/cosmos/staking/v1beta1/tx";
import { expect, test } from "vitest";
import { presence, punishEquivocation } from "../../../modules/slashing/keeper.ts";
import { answerableStake } from "../../../modules/staking/keeper.ts";
import { QuerySecurityRequest, QuerySecurityResponse } from "../../../proto/security.ts";
import { accountOf, addressOf, createNetwork, type Network, valoperOf } from "../network.ts";

const M = 1_000_000n;
const network = (params: Readonly<Record<string, bigint>> = {}): Network =>
  createNetwork({ validators: { a: 40n * M, b: 30n * M, c: 20n * M, d: 10n * M }, params });

function ask(net: Network, question: Partial<QuerySecurityRequest> = {}): QuerySecurityResponse {
  const request = QuerySecurityRequest.encode(QuerySecurityRequest.fromPartial(question)).finish();
  return QuerySecurityResponse.decode(net.query("/assay.security.v1.Query/Security", request));
}

test("what the stake of four validators secures", () => {
  const net = network();
  net.block();
  const answer = ask(net, { top: 2 });
  expect(answer).toMatchObject({
    infractionHeight: 1n,
    punishedHeight: 1n,
    validators: 4n,
    totalPower: "100",
    totalSlashable: "100000000",
    top: 2,
    topSharePpm: 700_000n,
    presentPower: "100",
    marginToHalt: "33",
  });
  // 40, or 30 + 10; with a multiplier of three a third loses all.
  expect(answer.third).toEqual({
    fewest: 1,
    slashable: "40000000",
    slashableAtMost: "40000000",
    cost: "40000000",
  });
  expect(answer.twoThirds).toMatchObject({ fewest: 2, slashable: "70000000" });
});

test("without correlation a coalition loses the fraction of one fault", () => {
  const net = network({ "slashing.correlationMultiplier": 0n });
  net.block();
  expect(ask(net).third?.cost).toBe("2000000");
});

test("what unbonds answers for votes before, until it is paid out, and for none after", () => {
  const net = network({ "staking.unbondingTime": 60_000n, "consensus.emptyBlockInterval": 1000n });
  net.block();
  const message = {
    delegatorAddress: accountOf("a"),
    validatorAddress: valoperOf("a"),
    amount: { denom: "uassay", amount: "10000000" },
  };
  net.block({ run: () => void net.run(MsgUndelegate.typeUrl, MsgUndelegate.encode(message).finish()) });
  net.block();
  const answers = (infractionHeight: number, punishedTime: number) =>
    answerableStake(net.store, net.params, addressOf("a"), {
      infractionHeight,
      power: 40n,
      now: net.time,
      punishedTime,
    });
  expect(answers(2, net.time)).toBe(40n * M);
  expect(answers(3, net.time)).toBe(30n * M);
  // What left in block 2 is paid out a second before what would leave now.
  expect(answers(2, net.time + 58_999)).toBe(40n * M);
  expect(answers(2, net.time + 59_000)).toBe(30n * M);
  expect(answers(2, net.time + 60_000)).toBe(0n);
  // Votes now: ten have left. The set of height 3 has the rest.
  expect(ask(net).totalSlashable).toBe("90000000");
  // All is gone once the unbonding time of what is there now is over.
  expect(ask(net, { punishedHeight: BigInt(net.height + 59) }).totalSlashable).toBe("90000000");
  expect(ask(net, { punishedHeight: BigInt(net.height + 60) }).totalSlashable).toBe("0");
});

test("a slash costs security, and heights that nobody can answer for are refused", () => {
  const net = network();
  net.block({ run: (ctx) => punishEquivocation(ctx, addressOf("a"), 1, 40n) });
  net.block();
  expect(ask(net).totalPower).toBe("60");
  expect(() => ask(net, { infractionHeight: 9n })).toThrow("nobody has voted at height 9");
  expect(() => ask(net, { punishedHeight: 1n })).toThrow("votes are punished from height 2 on");
  expect(() => ask(net, { infractionHeight: 1n })).toThrow("key not found");
});

test("before any commit is known all count as present", () => {
  const net = network();
  expect(presence(net.store, net.validators, 0)).toEqual({ total: 100n, present: 100n, margin: 33n });
});
