import { describe, expect, test } from "vitest";
import { writeParams } from "../../../chain/executor/chain-state.ts";
import { sealParams } from "../../../chain/params.ts";
import { moduleAddress } from "../../../modules/auth/keeper.ts";
import { balance, supply, transfer } from "../../../modules/bank/keeper.ts";
import { genesis } from "../../../modules/feemarket/genesis.ts";
import { baseFeeInvariant } from "../../../modules/feemarket/invariants.ts";
import { baseFee, requiredFee } from "../../../modules/feemarket/keeper.ts";
import { storedBaseFee } from "../../../modules/feemarket/store.ts";
import {
  GasPriceRequest,
  GasPriceResponse,
  GasPricesRequest,
  GasPricesResponse,
  QueryBaseFeeResponse,
  QueryEstimateRequest,
  QueryEstimateResponse,
  QueryParamsResponse,
} from "../../../proto/feemarket.ts";
import { addressOf, createNetwork, type Network, SPEC } from "../network.ts";

const SERVICE = "/assay.feemarket.v1.Query";
const COMMON = "/feemarket.feemarket.v1.Query";
const EMPTY = new Uint8Array(0);
const FULL = 40_000_000n;
const COLLECTOR = moduleAddress("fee_collector");
const network = (params: Readonly<Record<string, bigint>> = {}): Network =>
  createNetwork({ balances: { user: 1_000_000_000n }, params: { "distribution.communityTax": 0n, ...params } });
const fee = (net: Network) => baseFee(net.store, net.params);
/** As if transactions had paid for a full block. */
const pay = (amount: bigint) => (ctx: Parameters<typeof transfer>[0]) =>
  transfer(ctx, addressOf("user"), COLLECTOR, [{ denom: SPEC.denom, amount }]);

describe("blocks", () => {
  test("that are full raise what the next transactions must pay, idle ones bring it back", () => {
    const net = network();
    expect(fee(net)).toBe(25_000n);
    const events = net.block({ gasWanted: FULL });
    expect(fee(net)).toBe(28_125n);
    expect(events.filter(({ type }) => type === "base_fee")).toHaveLength(1);
    expect(requiredFee(net.context(), 200_000)).toBe(5625n);
    net.block();
    net.block();
    expect(fee(net)).toBe(25_000n);
    expect(storedBaseFee.get(net.store)).toBeUndefined();
    expect(net.violations()).toEqual([]);
  });

  test("at a fixed price write nothing", () => {
    const net = network({ "feemarket.maxBaseFee": 0n });
    net.block({ gasWanted: FULL });
    expect(fee(net)).toBe(25_000n);
    expect(storedBaseFee.get(net.store)).toBeUndefined();
  });

  test("bounds that change count at once", () => {
    const net = network();
    for (let i = 0; i < 10; i++) net.block({ gasWanted: FULL });
    const high = fee(net);
    const params = new Map(net.params).set("feemarket.maxBaseFee", 30_000n);
    expect(high > 30_000n && baseFee(net.store, params) === 30_000n).toBe(true);
    expect(baseFee(net.store, new Map(net.params).set("feemarket.minBaseFee", high + 1n))).toBe(high + 1n);
  });
});

describe("burning", () => {
  test.each([
    [0n, 0n],
    [500_000n, 500_000n],
    [1_000_000n, 1_000_000n],
  ])("a share of %d ppm of the base fee; the tip stays", (share, burnt) => {
    const net = network({ "feemarket.burnShare": share });
    net.block();
    const before = supply(net.store, SPEC.denom);
    net.block({ gasWanted: FULL, run: pay(1_000_777n) });
    expect(before - supply(net.store, SPEC.denom)).toBe(burnt);
    expect(balance(net.store, COLLECTOR, SPEC.denom)).toBe(1_000_777n - burnt);
    expect(net.violations()).toEqual([]);
  });

  test("never takes more than there is", () => {
    const net = network({ "feemarket.burnShare": 1_000_000n });
    net.block({ gasWanted: FULL, run: pay(5n) });
    expect(balance(net.store, COLLECTOR, SPEC.denom)).toBe(0n);
    expect(net.violations()).toEqual([]);
  });
});

describe("queries", () => {
  const net = network();
  net.block({ gasWanted: FULL });

  test("the base fee, in the chain's own form and in the one that CosmJS asks for", () => {
    const own = QueryBaseFeeResponse.decode(net.query(`${SERVICE}/BaseFee`, EMPTY));
    expect(own).toEqual({ baseFee: "28125", denom: "uassay", targetGas: 20_000_000n });
    const request = GasPricesRequest.encode({}).finish();
    const { prices } = GasPricesResponse.decode(net.query(`${COMMON}/GasPrices`, request));
    expect(prices).toEqual([{ denom: "uassay", amount: "28125000000000000" }]);
    const one = GasPriceRequest.encode({ denom: "uassay" }).finish();
    expect(GasPriceResponse.decode(net.query(`${COMMON}/GasPrice`, one)).price).toEqual(prices[0]);
    const other = GasPriceRequest.encode({ denom: "uother" }).finish();
    expect(() => net.query(`${COMMON}/GasPrice`, other)).toThrow("fees are paid in uassay");
  });

  test("an estimate and the parameters", () => {
    const ask = (blocks: number) => net.query(`${SERVICE}/Estimate`, QueryEstimateRequest.encode({ blocks }).finish());
    expect(QueryEstimateResponse.decode(ask(0))).toEqual({ baseFee: "28125", greatest: "28125" });
    expect(QueryEstimateResponse.decode(ask(2)).greatest).toBe("35595");
    expect(() => ask(1001)).toThrow("at most 1000");
    expect(QueryParamsResponse.decode(net.query(`${SERVICE}/Params`, EMPTY))).toEqual({
      minBaseFee: "25000",
      maxBaseFee: "1000000000000",
      targetUsage: 500_000n,
      changeDenominator: 8n,
      burnShare: 500_000n,
    });
  });
});

test("genesis takes a base fee and lists what is wrong", () => {
  const errors = (section: unknown): string[] => {
    const found: string[] = [];
    genesis.validate(section, SPEC, (path) => found.push(path));
    return found;
  };
  expect(errors({ baseFee: "30000" })).toEqual([]);
  expect(errors({ baseFee: "0", other: 1 })).toEqual(["feemarket.other", "feemarket.baseFee"]);
  expect(errors({ baseFee: (1n << 63n).toString() })).toEqual(["feemarket.baseFee"]);
  const net = network();
  genesis.init(net.context(), { baseFee: "30000" });
  expect(fee(net)).toBe(30_000n);
});

test("a bound that governance moves past the base fee counts from the next block on, and breaks nothing", () => {
  const net = network();
  storedBaseFee.set(net.store, 30_000n);
  for (const [name, value] of [
    ["feemarket.minBaseFee", 50_000n],
    ["feemarket.maxBaseFee", 1n],
  ] as const) {
    net.block({ run: (ctx) => writeParams(ctx.store, sealParams([...net.params, [name, value]])) });
    expect(net.violations()).toEqual([]);
    net.block();
    expect([fee(net), net.violations()]).toEqual([50_000n, []]);
  }
});

test("the invariant sees a base fee out of bounds", () => {
  const net = network();
  for (const value of [0n, 10n ** 12n + 1n]) {
    storedBaseFee.set(net.store, value);
    expect(baseFeeInvariant(net.store)).toHaveLength(1);
  }
});
