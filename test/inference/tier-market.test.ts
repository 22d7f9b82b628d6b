import fc from "fast-check";
import { expect, test } from "vitest";
import { TxError } from "../../chain/errors.ts";
import { moduleAddress } from "../../modules/auth/keeper.ts";
import { balance } from "../../modules/bank/keeper.ts";
import { tierMarkets } from "../../modules/inference/store.ts";
import { unitPrice } from "../../modules/inference/tier-market.ts";
import {
  QueryModelRequest,
  QueryModelResponse,
  QueryPricesRequest,
  QueryPricesResponse,
} from "../../proto/inference-query.ts";
import { accountOf, SPEC } from "../modules/network.ts";
import { type Chain, type ChainOptions, createChain, FOUR, manifestOf, values } from "./harness.ts";

const NAMES = Object.keys(FOUR);
const offer = (amount: bigint) => ({ maxFee: { denom: "uassay", amount: String(amount) } });
const cheap = manifestOf("cheap", { fee: 0n });
const heavy = manifestOf("heavy", { fee: 0n, tier: 1, modelBytes: 65_536 * 9 });

/** Everybody serves both tiers. */
function twoTiers(options: ChainOptions = {}): Chain {
  const chain = createChain({ models: [cheap, heavy], ...options });
  chain.block({ run: () => void NAMES.map((name) => chain.send.tiers(name, [0, 1])) });
  return chain;
}

const price = (chain: Chain, tier: number) => unitPrice(chain.store, chain.params, tier);

/** How many more jobs of a model this block takes, up to `most`. */
function fill(chain: Chain, model: string, most: number): number {
  for (let taken = 0; taken < most; taken++) {
    try {
      chain.send.request({ model, ...offer(10n ** 7n) });
    } catch (error) {
      if (!(error instanceof TxError) || (error.code !== 11 && error.code !== 12)) throw error;
      return taken;
    }
  }
  return most;
}

test("a tier's price follows its demand, and no other tier's", () => {
  const chain = twoTiers({ params: { "inference.maxJobsPerBlock": 8n, "inference.tierGuarantee": 0n } });
  expect([price(chain, 0), price(chain, 1)]).toEqual([100n, 100n]);
  const events = chain.block({ run: () => void fill(chain, "cheap", 8) });
  expect(values(events, "inference_price", "after")).toEqual(["112"]);
  expect([price(chain, 0), price(chain, 1)]).toEqual([112n, 100n]);
  // Half of what there is room for is where it stays.
  chain.block({ run: () => void fill(chain, "cheap", 4) });
  expect(price(chain, 0)).toBe(112n);
  chain.block({ run: () => void fill(chain, "cheap", 6) });
  expect(price(chain, 0)).toBe(119n);
  chain.block();
  expect(price(chain, 0)).toBe(105n);
  chain.pass(3);
  expect(price(chain, 0)).toBe(100n);
  expect(chain.violations()).toEqual([]);
});

test("a price that has risen refuses only those who offer less, and what is not needed comes back", () => {
  const chain = twoTiers({ params: { "inference.maxJobsPerBlock": 8n } });
  for (let i = 0; i < 4; i++) chain.block({ run: () => void fill(chain, "cheap", 8) });
  const now = price(chain, 0);
  expect(now).toBeGreaterThan(140n);
  chain.pass(6);
  const less = price(chain, 0);
  expect(() => chain.request(1, { model: "cheap", ...offer(less - 1n) })).toThrow(
    `max_fee is ${less - 1n}uassay, required: ${less}uassay`,
  );
  const before = chain.balance("user");
  chain.request(1, { model: "cheap", ...offer(1000n) });
  chain.pass(5);
  expect(before - chain.balance("user")).toBe(less);
});

test("the base fee goes where fees go, at the price of the block", () => {
  const chain = twoTiers({ params: { "inference.maxJobsPerBlock": 8n } });
  chain.block({ run: () => void fill(chain, "cheap", 8) });
  const now = price(chain, 0);
  expect(now).toBe(112n);
  chain.request(2, { model: "cheap", ...offer(5000n) });
  expect(balance(chain.store, moduleAddress("fee_collector"), SPEC.denom)).toBe(2n * now);
});

test("cheap jobs drive up their tier's price by their number, heavy ones by their cost", () => {
  const few = {
    "inference.maxJobsPerBlock": 64n,
    "inference.maxCostUnitsPerBlock": 100n,
    "inference.tierGuarantee": 0n,
  };
  const chain = twoTiers({ params: few });
  chain.block({ run: () => void fill(chain, "heavy", 8) });
  expect([price(chain, 0), price(chain, 1)]).toEqual([100n, 107n]);
  const many = twoTiers({ params: { "inference.maxJobsPerBlock": 10n, "inference.tierGuarantee": 0n } });
  many.block({ run: () => void fill(many, "cheap", 10) });
  expect([price(many, 0), price(many, 1)]).toEqual([112n, 100n]);
});

test("a backlog makes a tier dear although the block has room", () => {
  const chain = twoTiers({ params: { "inference.maxOpenJobs": 10n, "inference.tierGuarantee": 0n } });
  chain.block({ run: () => void fill(chain, "cheap", 8) });
  expect(price(chain, 0)).toBe(107n);
  chain.block();
  expect(price(chain, 0)).toBeGreaterThan(107n);
});

test("a flood of one tier leaves the others their guarantee, in the block and in the backlog", () => {
  const chain = twoTiers({
    params: { "inference.maxJobsPerBlock": 20n, "inference.maxOpenJobs": 40n, "inference.tierGuarantee": 100_000n },
  });
  chain.block({
    run() {
      expect(fill(chain, "cheap", 30)).toBe(18);
      expect(() => chain.send.request({ model: "cheap", ...offer(10n ** 6n) })).toThrow(
        "tier 0 has 18 jobs in this block, at most 18 while the rest is kept for others",
      );
      expect(fill(chain, "heavy", 20)).toBe(2);
    },
  });
  chain.block({
    run() {
      expect(fill(chain, "cheap", 30)).toBe(18);
      expect(fill(chain, "heavy", 20)).toBe(2);
    },
  });
  // 36 of 40, and four are the other tier's, which has them all.
  chain.block({ run: () => expect(fill(chain, "cheap", 30)).toBe(0) });
  expect(() => chain.request(1, { model: "heavy", ...offer(10n ** 6n) })).toThrow(/40 jobs are open, at most 40/);
  expect(chain.violations()).toEqual([]);
});

test("a tier that nobody uses has nothing kept for it", () => {
  const chain = createChain({ models: [cheap], params: { "inference.maxJobsPerBlock": 16n } });
  chain.block({ run: () => expect(fill(chain, "cheap", 20)).toBe(16) });
});

test("whatever is asked for in whatever order, no bound is passed and every tier has its guarantee", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(6)), { maxLength: 12 }), fc.nat(100_000), (asked, guarantee) => {
      const params = {
        "inference.maxJobsPerBlock": 12n,
        "inference.maxCostUnitsPerBlock": 90n,
        "inference.tierGuarantee": BigInt(guarantee),
      };
      const chain = twoTiers({ params });
      const sure = (12 * guarantee) / 1_000_000;
      const sureUnits = (90 * guarantee) / 1_000_000;
      chain.block({
        run() {
          const taken = [0, 0];
          for (const [second, count] of asked) {
            const tier = second ? 1 : 0;
            taken[tier] = (taken[tier] ?? 0) + fill(chain, second ? "heavy" : "cheap", count);
          }
          const [light = 0, dear = 0] = taken;
          expect(light + dear).toBeLessThanOrEqual(12);
          expect(light + 10 * dear).toBeLessThanOrEqual(90);
          const left = Math.max(0, Math.min(Math.floor(sure) - light, Math.floor(sureUnits) - light));
          expect(fill(chain, "cheap", left)).toBe(left);
        },
      });
      expect(chain.violations()).toEqual([]);
    }),
    { numRuns: 25 },
  );
});

test("prices are told now and ahead, and what is told ahead is enough after ten full blocks", () => {
  const chain = twoTiers({ params: { "inference.maxJobsPerBlock": 4n } });
  const told = () => QueryPricesResponse.decode(chain.query("Prices", QueryPricesRequest.encode({}).finish())).prices;
  chain.block({ run: () => void fill(chain, "cheap", 4) });
  const [first] = told();
  expect(first).toMatchObject({ tier: 0, price: "112", jobs: 4, costUnits: 4n, open: 4 });
  const query = QueryModelRequest.encode({ model: "cheap" }).finish();
  const { model } = QueryModelResponse.decode(chain.query("Model", query));
  expect(model).toMatchObject({ baseFee: "112", baseFeeAhead: first?.priceAhead });
  for (let i = 0; i < 10; i++) chain.block({ run: () => void fill(chain, "cheap", 4) });
  expect(price(chain, 0)).toBeLessThanOrEqual(BigInt(first?.priceAhead ?? 0));
  expect(() => chain.request(1, { model: "cheap", ...offer(BigInt(first?.priceAhead ?? 0)) })).not.toThrow();
});

test("the invariant sees a tier that counts a job too many, and one that counts none", () => {
  const chain = twoTiers();
  chain.request(1, { model: "cheap", ...offer(1000n), requester: accountOf("user") });
  const key = Uint8Array.of(0);
  const market = tierMarkets.get(chain.store, key);
  if (market === undefined) throw new Error("no market");
  tierMarkets.set(chain.store, key, { ...market, open: 2 });
  expect(chain.violations()).toEqual(["inference.tierMarkets: tier 0 has 1 open jobs, 2 counted"]);
  tierMarkets.delete(chain.store, key);
  expect(chain.violations()).toEqual(["inference.tierMarkets: open jobs of tier 0 are not counted"]);
});
