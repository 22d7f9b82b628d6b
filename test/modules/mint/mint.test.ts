import {
  QueryAnnualProvisionsResponse,
  QueryInflationResponse,
  QueryParamsResponse,
} from "cosmjs-types/cosmos/mint/v1beta1/query";
import { describe, expect, test } from "vitest";
import { fromUtf8 } from "../../../chain/bytes.ts";
import { MAX_SUPPLY, mint, supply } from "../../../modules/bank/keeper.ts";
import { genesis } from "../../../modules/mint/genesis.ts";
import { minterInvariant } from "../../../modules/mint/invariants.ts";
import { minter } from "../../../modules/mint/store.ts";
import { addressOf, attribute, createNetwork, type Network, SPEC } from "../network.ts";

const SERVICE = "/cosmos.mint.v1beta1.Query";
const EMPTY = new Uint8Array(0);
const INFLATION = { "mint.inflationMin": 70_000n, "mint.inflationMax": 200_000n };
const network = (more: Readonly<Record<string, bigint>> = {}): Network =>
  createNetwork({
    validators: { alice: 400_000_000_000n },
    balances: { user: 600_000_000_000n },
    params: { ...INFLATION, ...more },
  });
const total = (net: Network) => supply(net.store, SPEC.denom);

describe("coins for the stakers", () => {
  test("are made by the time between blocks, each announced, and every invariant holds", () => {
    const net = network();
    net.block();
    const before = total(net);
    let announced = 0n;
    for (let i = 0; i < 20; i++) {
      const events = net.block({ after: 1000 * i });
      const event = events.find(({ type }) => type === "mint");
      announced += BigInt(attribute(event, "amount") ?? "0");
      expect(net.violations()).toEqual([]);
    }
    expect(announced).toBeGreaterThan(0n);
    expect(total(net) - before).toBe(announced);
  });

  test("the first block makes none; a halt is paid for one greatest block time", () => {
    const net = network();
    net.block({ after: 1_000_000_000 });
    expect(total(net)).toBe(1_000_000_000_000n);
    const halted = network({ "mint.inflationRateChange": 0n });
    const steady = network({ "mint.inflationRateChange": 0n });
    for (const each of [halted, steady]) each.block();
    halted.block({ after: 86_400_000 });
    steady.block({ after: 60_000 });
    expect(total(halted)).toBe(total(steady));
  });

  test("a fixed supply writes and makes nothing", () => {
    const net = network({ "mint.inflationMin": 0n, "mint.inflationMax": 0n });
    for (let i = 0; i < 5; i++) expect(net.block().filter(({ type }) => type === "mint")).toEqual([]);
    expect(total(net)).toBe(1_000_000_000_000n);
    expect(minter.get(net.store)).toBeUndefined();
  });

  test("the greatest supply is reached and not passed, and the chain goes on", () => {
    const net = network();
    net.block();
    mint(net.context(), addressOf("user"), [{ denom: SPEC.denom, amount: MAX_SUPPLY - total(net) - 1n }]);
    for (let i = 0; i < 3; i++) net.block({ after: 60_000 });
    expect(total(net)).toBe(MAX_SUPPLY);
    expect(net.violations()).toEqual([]);
  });
});

test("queries answer as CosmJS reads them", () => {
  const net = network();
  net.block();
  const { inflation } = QueryInflationResponse.decode(net.query(`${SERVICE}/Inflation`, EMPTY));
  expect(fromUtf8(inflation)).toBe("135000000000000000");
  const { annualProvisions } = QueryAnnualProvisionsResponse.decode(net.query(`${SERVICE}/AnnualProvisions`, EMPTY));
  expect(fromUtf8(annualProvisions)).toBe((135_000n * 10n ** 24n).toString());
  const { params } = QueryParamsResponse.decode(net.query(`${SERVICE}/Params`, EMPTY));
  expect(params).toEqual({
    mintDenom: "uassay",
    inflationRateChange: "130000000000000000",
    inflationMax: "200000000000000000",
    inflationMin: "70000000000000000",
    goalBonded: "670000000000000000",
    blocksPerYear: 6_311_520n,
  });
});

describe("genesis", () => {
  const errors = (section: unknown): string[] => {
    const found: string[] = [];
    genesis.validate(section, SPEC, (path) => found.push(path));
    return found;
  };

  test("takes up where another chain was", () => {
    const section = { inflation: "0.120000000000000000", lastTime: "1700000000000", remainder: "5" };
    expect(errors(section)).toEqual([]);
    const net = network();
    genesis.init(net.context(), section);
    expect(minter.get(net.store)).toEqual({
      inflation: 120_000_000_000_000_000n,
      lastTime: 1_700_000_000_000,
      remainder: 5n,
    });
    expect(errors({})).toEqual([]);
  });

  test("lists all that is wrong", () => {
    expect(errors({ inflation: "2", lastTime: "-1", remainder: "x", other: 1 })).toEqual([
      "mint.other",
      "mint.inflation",
      "mint.lastTime",
      "mint.remainder",
    ]);
    expect(errors(null)).toEqual(["mint"]);
  });
});

test("the invariant sees a coin that was not made", () => {
  const net = network();
  minter.set(net.store, { inflation: 10n ** 18n + 1n, lastTime: 0, remainder: 1n << 200n });
  expect(minterInvariant(net.store)).toHaveLength(2);
});
