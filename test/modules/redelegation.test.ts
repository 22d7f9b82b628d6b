import { QueryRedelegationsRequest, QueryRedelegationsResponse } from "cosmjs-types/cosmos/staking/v1beta1/query";
import {
  MsgBeginRedelegate,
  MsgBeginRedelegateResponse,
  MsgDelegate,
  MsgUndelegate,
} from "cosmjs-types/cosmos/staking/v1beta1/tx";
import { describe, expect, test } from "vitest";
import { supply } from "../../modules/bank/keeper.ts";
import { delegatedShares, jail, slash, validatorByOperator } from "../../modules/staking/keeper.ts";
import {
  BOND,
  redelegations,
  redelegationsByDestination,
  unbondings,
  validators,
} from "../../modules/staking/store.ts";
import { accountOf, addressOf, attribute, createNetwork, type Network, refusal, SPEC, valoperOf } from "./network.ts";

const M = 1_000_000n;
const UNBONDING = 100_000;

function network(params: Readonly<Record<string, bigint>> = {}): Network {
  const net = createNetwork({
    validators: { a: 100n * M, b: 100n * M, c: 100n * M },
    balances: { ann: 1000n * M, bob: 1000n * M },
    params: { "staking.unbondingTime": BigInt(UNBONDING), ...params },
  });
  net.block();
  send(net, MsgDelegate, "ann", "a", 100n * M);
  net.block();
  return net;
}

function send(net: Network, codec: typeof MsgDelegate | typeof MsgUndelegate, who: string, to: string, units: bigint) {
  const amount = { denom: SPEC.denom, amount: units.toString() };
  const message = { delegatorAddress: accountOf(who), validatorAddress: valoperOf(to), amount };
  return net.run(codec.typeUrl, codec.encode(message).finish());
}

function move(net: Network, from: string, to: string, units: bigint, change: Partial<MsgBeginRedelegate> = {}) {
  const message = {
    delegatorAddress: accountOf("ann"),
    validatorSrcAddress: valoperOf(from),
    validatorDstAddress: valoperOf(to),
    amount: { denom: SPEC.denom, amount: units.toString() },
    ...change,
  };
  const { response, events } = net.run(MsgBeginRedelegate.typeUrl, MsgBeginRedelegate.encode(message).finish());
  return { completion: Number(MsgBeginRedelegateResponse.decode(response).completionTime.seconds) * 1000, events };
}

const tokens = (net: Network, name: string): bigint => validatorByOperator(net.store, addressOf(name))?.tokens ?? 0n;
const entries = (net: Network, from: string, to: string) =>
  redelegations.get(net.store, [addressOf("ann"), [addressOf(from), addressOf(to)]]) ?? [];
const burn = (net: Network, name: string, height: number, power: bigint, ppm: bigint): bigint =>
  slash(net.context(), addressOf(name), height, power, ppm);
const worth = (net: Network, name: string): bigint => {
  const validator = validatorByOperator(net.store, addressOf(name));
  const shares = delegatedShares(net.store, addressOf("ann"), addressOf(name));
  return validator === undefined ? 0n : (shares * validator.tokens) / validator.shares;
};

describe("MsgBeginRedelegate", () => {
  test("moves stake at once, keeps it answerable for the unbonding time, and forgets it then", () => {
    const net = network();
    const { completion, events } = move(net, "a", "b", 40n * M);
    expect(completion).toBe(Math.floor((net.time + UNBONDING) / 1000) * 1000);
    const event = events.find(({ type }) => type === "redelegate");
    expect(attribute(event, "source_validator")).toBe(valoperOf("a"));
    expect(attribute(event, "destination_validator")).toBe(valoperOf("b"));
    expect(attribute(event, "amount")).toBe("40000000uassay");
    expect([tokens(net, "a"), tokens(net, "b")]).toEqual([160n * M, 140n * M]);
    expect(entries(net, "a", "b")).toMatchObject([{ initialBalance: 40n * M, balance: 40n * M }]);
    net.block({ after: UNBONDING - 1 });
    expect(entries(net, "a", "b")).toHaveLength(1);
    const done = net.block({ after: 1 });
    expect(done.map(({ type }) => type)).toContain("complete_redelegation");
    expect(entries(net, "a", "b")).toEqual([]);
    expect(redelegationsByDestination.entries(net.store)).toEqual([]);
    expect(net.violations()).toEqual([]);
  });

  test("several of one block are one entry; more than staking.maxEntries are refused", () => {
    const net = network({ "staking.maxEntries": 2n });
    move(net, "a", "b", 3n);
    move(net, "a", "b", 4n);
    expect(entries(net, "a", "b")).toMatchObject([{ initialBalance: 7n }]);
    net.block();
    move(net, "a", "b", 5n);
    expect(entries(net, "a", "b")).toHaveLength(2);
    const found = refusal(() => move(net, "a", "b", 5n));
    expect(found?.code).toBe("staking/33");
    expect(found?.text).toContain("too many redelegation entries");
    move(net, "a", "c", 5n); // Another way has entries of its own.
    expect(net.violations()).toEqual([]);
  });

  const refused: readonly (readonly [string, string, string, bigint, Partial<MsgBeginRedelegate>, string, string])[] = [
    ["the same validator twice", "a", "a", 1n, {}, "staking/29", "cannot redelegate to the same validator"],
    ["a source that is none", "nobody", "b", 1n, {}, "staking/3", "validator does not exist"],
    ["a destination that is none", "a", "nobody", 1n, {}, "staking/31", "destination validator not found"],
    ["a source without a delegation", "c", "b", 1n, {}, "staking/19", "no delegation"],
    ["more than there is", "a", "b", 100n * M + 1n, {}, "sdk/18", "less than"],
    ["nothing", "a", "b", 0n, {}, "sdk/10", "positive"],
    ["less than nothing", "a", "b", -1n, {}, "sdk/10", "positive"],
    ["more than 128 bits", "a", "b", 1n << 300n, {}, "sdk/", ""],
    ["another coin", "a", "b", 1n, { amount: { denom: "ufoo", amount: "1" } }, "sdk/18", "expected uassay"],
    ["an account as the source", "a", "b", 1n, { validatorSrcAddress: accountOf("a") }, "sdk/7", "source validator"],
    [
      "a foreign prefix",
      "a",
      "b",
      1n,
      { validatorDstAddress: "cosmosvaloper1clpqr4nrk4khgkxj78fcwwh6dl3uw4epsluffn" },
      "sdk/7",
      "destination validator",
    ],
  ];
  test.each(refused)("refuses %s", (_, from, to, units, change, code, text) => {
    const net = network();
    const before = net.dump();
    const found = refusal(() => move(net, from, to, units, change));
    expect(found?.code.startsWith(code)).toBe(true);
    expect(found?.text).toContain(text);
    expect(net.dump()).toEqual(before);
  });

  test("refuses a destination without a price, and leaves the stake where it was", () => {
    const net = network();
    burn(net, "c", net.height, 100n, 1_000_000n);
    expect(tokens(net, "c")).toBe(0n);
    const before = net.dump();
    expect(refusal(() => move(net, "a", "c", M))?.code).toBe("staking/34");
    expect(net.dump()).toEqual(before);
  });

  test("one base unit moves, and answers for itself", () => {
    const net = network();
    const infraction = net.height;
    move(net, "a", "b", 1n);
    burn(net, "a", infraction, 200n, 999_999n); // Not a whole unit of one.
    expect(worth(net, "b")).toBe(1n);
    burn(net, "a", infraction, 200n, 1_000_000n);
    expect(delegatedShares(net.store, addressOf("ann"), addressOf("b"))).toBe(0n);
    expect(net.violations()).toEqual([]);
  });

  test("stake that has just arrived can't be moved on, by nobody's leave but time's", () => {
    const net = network();
    send(net, MsgDelegate, "bob", "b", 10n * M);
    move(net, "a", "b", 40n * M);
    expect(refusal(() => move(net, "b", "c", 1n))?.code).toBe("staking/32");
    move(net, "b", "c", M, { delegatorAddress: accountOf("bob") });
    net.block({ after: UNBONDING });
    move(net, "b", "c", 40n * M);
    expect(worth(net, "c")).toBe(40n * M);
    expect(net.violations()).toEqual([]);
  });

  test("from a validator that unbonds: until it is unbonded, for infractions since before it left", () => {
    const net = network();
    jail(net.context(), addressOf("a"));
    net.block();
    const source = validatorByOperator(net.store, addressOf("a"));
    expect(source?.status).toBe(BOND.unbonding);
    net.block({ after: 30_000 });
    move(net, "a", "b", 40n * M);
    const [entry] = entries(net, "a", "b");
    expect(entry?.completionTime).toBe(source?.unbondingTime);
    expect(entry?.creationHeight).toBe(source?.unbondingHeight);
    // What it did in the last height that it voted in costs what was moved later.
    const before = worth(net, "b");
    burn(net, "a", source?.unbondingHeight ?? 0, 200n, 100_000n);
    expect(before - worth(net, "b")).toBe(4n * M);
    expect(net.violations()).toEqual([]);
  });

  test("from one that is unbonded: at once, with nothing to answer for", () => {
    const net = network();
    jail(net.context(), addressOf("a"));
    net.block();
    net.block({ after: UNBONDING });
    expect(validatorByOperator(net.store, addressOf("a"))?.status).toBe(BOND.unbonded);
    const { completion } = move(net, "a", "b", 100n * M);
    expect(completion).toBe(Math.floor(net.time / 1000) * 1000);
    expect(entries(net, "a", "b")).toEqual([]);
    move(net, "b", "c", 100n * M); // It has arrived nowhere that it could not leave.
    expect(net.violations()).toEqual([]);
  });

  test("an operator that moves its own stake below its minimum is jailed, and gone when nothing is left", () => {
    const net = network();
    move(net, "c", "b", 100n * M, { delegatorAddress: accountOf("c") });
    expect(validatorByOperator(net.store, addressOf("c"))?.jailed).toBe(true);
    net.block();
    net.block({ after: UNBONDING });
    expect(validators.has(net.store, addressOf("c"))).toBe(false);
    expect(net.violations()).toEqual([]);
  });
});

describe("a slash of the validator that stake has left", () => {
  test("takes the fraction of what was moved at the infraction or later, there, and the rest where it was", () => {
    const net = network();
    const infraction = net.height;
    move(net, "a", "b", 40n * M);
    net.block();
    const before = supply(net.store, SPEC.denom);
    expect(burn(net, "a", infraction, 200n, 50_000n)).toBe(10n * M);
    expect(before - supply(net.store, SPEC.denom)).toBe(10n * M);
    expect(worth(net, "b")).toBe(38n * M);
    expect(tokens(net, "a")).toBe(152n * M);
    expect(entries(net, "a", "b")).toMatchObject([{ initialBalance: 40n * M, balance: 38n * M }]);
    expect(net.violations()).toEqual([]);
  });

  test("leaves alone what had been moved before the infraction", () => {
    const net = network();
    move(net, "a", "b", 40n * M);
    net.block();
    expect(burn(net, "a", net.height, 160n, 50_000n)).toBe(8n * M);
    expect(worth(net, "b")).toBe(40n * M);
    expect(tokens(net, "a")).toBe(152n * M);
  });

  test("leaves alone what has ceased to answer, though it has not been forgotten yet", () => {
    const net = network();
    const infraction = net.height;
    move(net, "a", "b", 40n * M);
    net.block({ after: UNBONDING, run: (ctx) => void slash(ctx, addressOf("a"), infraction, 200n, 50_000n) });
    expect(worth(net, "b")).toBe(40n * M);
  });

  test("finds it where it unbonds by now, and takes nothing twice", () => {
    const net = network();
    const infraction = net.height;
    move(net, "a", "b", 40n * M);
    net.block();
    send(net, MsgUndelegate, "ann", "b", 39n * M);
    net.block();
    // Two million: of the unbonding, not of the one million that is left as well.
    burn(net, "a", infraction, 200n, 50_000n);
    expect(unbondings.get(net.store, [addressOf("ann"), addressOf("b")])).toMatchObject([{ balance: 37n * M }]);
    expect(worth(net, "b")).toBe(M);
    expect(net.violations()).toEqual([]);
  });

  test("is not evaded by taking everything out at the destination", () => {
    const net = network();
    const infraction = net.height;
    move(net, "a", "b", 40n * M);
    net.block();
    send(net, MsgUndelegate, "ann", "b", 40n * M);
    expect(burn(net, "a", infraction, 200n, 50_000n)).toBe(10n * M);
    expect(unbondings.get(net.store, [addressOf("ann"), addressOf("b")])).toMatchObject([{ balance: 38n * M }]);
    expect(net.violations()).toEqual([]);
  });

  test("goes on with the shares where what unbonds does not suffice, and ends with them", () => {
    const net = network();
    const infraction = net.height;
    move(net, "a", "b", 40n * M);
    net.block();
    send(net, MsgUndelegate, "ann", "b", 10n * M);
    // All of it: ten that unbond, thirty that are still there.
    expect(burn(net, "a", infraction, 200n, 1_000_000n)).toBe(200n * M);
    expect(worth(net, "b")).toBe(0n);
    expect(delegatedShares(net.store, addressOf("ann"), addressOf("b"))).toBe(0n);
    expect(tokens(net, "b")).toBe(100n * M);
    expect(net.violations()).toEqual([]);
  });

  test("does not make other stake of the delegator pay, nor more than the moved stake is worth by now", () => {
    const net = network();
    send(net, MsgDelegate, "ann", "b", 200n * M);
    net.block();
    const infraction = net.height;
    move(net, "a", "b", 40n * M);
    net.block();
    burn(net, "b", net.height, 340n, 500_000n); // Its shares are worth half.
    expect(worth(net, "b")).toBe(120n * M);
    burn(net, "a", infraction, 200n, 1_000_000n);
    expect(worth(net, "b")).toBe(100n * M);
    expect(net.violations()).toEqual([]);
  });

  test("several together take no more than what was moved", () => {
    const net = network();
    send(net, MsgDelegate, "ann", "b", 200n * M);
    net.block();
    const infraction = net.height;
    move(net, "a", "b", 40n * M);
    net.block();
    for (let i = 0; i < 3; i++) burn(net, "a", infraction, 200n, 600_000n);
    expect(worth(net, "b")).toBe(200n * M);
    expect(entries(net, "a", "b")).toMatchObject([{ balance: 0n }]);
    expect(net.violations()).toEqual([]);
  });
});

describe("the query of redelegations", () => {
  const net = network();
  move(net, "a", "b", 40n * M);
  net.block();
  move(net, "a", "b", 2n * M);
  move(net, "a", "c", 3n * M);
  send(net, MsgDelegate, "bob", "a", M);
  move(net, "a", "b", M, { delegatorAddress: accountOf("bob") });
  const ask = (request: Partial<QueryRedelegationsRequest>) =>
    QueryRedelegationsResponse.decode(
      net.query(
        "/cosmos.staking.v1beta1.Query/Redelegations",
        QueryRedelegationsRequest.encode(QueryRedelegationsRequest.fromPartial(request)).finish(),
      ),
    );
  const routes = (request: Partial<QueryRedelegationsRequest>) =>
    ask(request)
      .redelegationResponses.map(({ redelegation, entries: found }) => {
        const { delegatorAddress, validatorSrcAddress, validatorDstAddress } = redelegation;
        return `${delegatorAddress} ${validatorSrcAddress} ${validatorDstAddress} ${found.length}`;
      })
      .sort();
  const route = (who: string, to: string, count: number) =>
    `${accountOf(who)} ${valoperOf("a")} ${valoperOf(to)} ${count}`;

  test("by delegator, narrowed down by validators", () => {
    const delegatorAddr = accountOf("ann");
    expect(routes({ delegatorAddr })).toEqual([route("ann", "b", 2), route("ann", "c", 1)].sort());
    expect(routes({ delegatorAddr, dstValidatorAddr: valoperOf("c") })).toEqual([route("ann", "c", 1)]);
    const one = { delegatorAddr, srcValidatorAddr: valoperOf("a"), dstValidatorAddr: valoperOf("b") };
    const [first] = ask(one).redelegationResponses[0]?.entries ?? [];
    expect(first?.redelegationEntry.initialBalance).toBe("40000000");
    expect(first?.redelegationEntry.sharesDst).toBe(`40000000${"0".repeat(18)}`);
    expect(first?.balance).toBe("40000000");
    const none = { ...one, srcValidatorAddr: valoperOf("b"), dstValidatorAddr: valoperOf("c") };
    expect(() => ask(none)).toThrow("redelegation not found");
    expect(() => ask({})).toThrow("empty address");
  });

  test("by source, each way once, in pages", () => {
    const srcValidatorAddr = valoperOf("a");
    const all = [route("ann", "b", 2), route("ann", "c", 1), route("bob", "b", 1)].sort();
    expect(routes({ srcValidatorAddr })).toEqual(all);
    const page = { key: new Uint8Array(0), offset: 0n, limit: 1n, countTotal: false, reverse: false };
    const found: string[] = [];
    for (let key = new Uint8Array(0), i = 0; i === 0 || key.length > 0; i++) {
      const request = { srcValidatorAddr, pagination: { ...page, key } };
      found.push(...routes(request));
      key = Uint8Array.from(ask(request).pagination?.nextKey ?? []);
    }
    expect(found.sort()).toEqual(all);
  });
});
