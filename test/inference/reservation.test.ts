import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stakeFor, valueFor } from "../../modules/inference/reservation.ts";
import { JOB_STATUS, reservations } from "../../modules/inference/store.ts";
import { QuerySecurityRequest, QuerySecurityResponse } from "../../proto/inference-query.ts";
import { addressOf, refusal } from "../modules/network.ts";
import { type Chain, createChain, jobOutput } from "./harness.ts";

const ASSAY = 1_000_000n;
const NAMES = ["alice", "bob", "carol", "dave"];
const PARAMS = { "inference.appealWindow": 10n };
/** Four times ten ASSAY at stake, of which a wrong output costs 5 %: two thirds of that are 1,333,333, a fourth of which is this. */
const MOST = 333_333n;

const reserved = (chain: Chain): bigint =>
  reservations.entries(chain.store).reduce((sum, [, amount]) => sum + amount, 0n);
const security = (chain: Chain) =>
  QuerySecurityResponse.decode(chain.query("Security", QuerySecurityRequest.encode({}).finish()));
const worth = (valueAtRisk: bigint) => ({ valueAtRisk: String(valueAtRisk) });

function refused(chain: Chain, valueAtRisk: bigint) {
  let answer: ReturnType<typeof refusal>;
  chain.block({
    run() {
      answer = refusal(() => chain.send.request(worth(valueAtRisk)));
    },
  });
  return answer;
}

describe("a job with something at risk", () => {
  test("is let in if a wrong output costs four times as much, and not beyond", () => {
    expect(refused(createChain({ params: PARAMS }), MOST + 1n)).toMatchObject({
      code: "inference/17",
      text: expect.stringContaining(`at most ${MOST}uassay can be answered for now`),
    });
    const chain = createChain({ params: PARAMS });
    chain.request(1, worth(MOST));
    expect(reserved(chain)).toBe(40n * ASSAY - 40n);
    expect(chain.violations()).toEqual([]);
  });

  test("takes the stake that answers for it from the next, and gives it back when it fails", () => {
    const chain = createChain({ params: PARAMS });
    const [jobId = new Uint8Array()] = chain.request(1, worth(300_000n));
    expect(security(chain)).toMatchObject({
      securityRatio: 4n,
      slashFraction: 50_000n,
      stake: String(40n * ASSAY),
      reserved: String(36n * ASSAY),
      headroom: "33333",
      costAtLeast: String((30n * ASSAY) / 20n),
    });
    expect(refused(chain, 33_334n)?.code).toBe("inference/17");
    expect(refused(chain, 33_333n)).toBeUndefined();
    chain.pass(12);
    expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.failed, reserved: 0n });
    expect(security(chain).reserved).toBe("0");
    expect(chain.violations()).toEqual([]);
  });

  test("that is final holds it until its output can't be appealed any more", () => {
    const chain = createChain({ params: PARAMS });
    const [jobId = new Uint8Array()] = chain.request(1, worth(MOST));
    chain.block({ commitments: NAMES.map((name) => chain.commit(name, jobId, 1)) });
    chain.block({ reveals: NAMES.map((name) => chain.reveal(name, jobId, 1)), outputs: [jobOutput(jobId, 1)] });
    chain.pass(3);
    expect(chain.job(jobId).settled).toBe(true);
    chain.pass(8);
    expect(reserved(chain)).toBeGreaterThan(0n);
    expect(chain.violations()).toEqual([]);
    chain.pass(2);
    expect(reserved(chain)).toBe(0n);
    expect(chain.job(jobId).reserved).toBe(0n);
    expect(chain.violations()).toEqual([]);
  });

  test("is kept as long as its stake is reserved, however long ago it was requested", () => {
    const chain = createChain({ params: { "inference.appealWindow": 150n, "inference.jobRetention": 100n } });
    const [jobId = new Uint8Array()] = chain.request(1, worth(MOST));
    chain.block({ commitments: NAMES.map((name) => chain.commit(name, jobId, 1)) });
    chain.block({ reveals: NAMES.map((name) => chain.reveal(name, jobId, 1)), outputs: [jobOutput(jobId, 1)] });
    chain.pass(140);
    expect(chain.job(jobId).reserved).toBeGreaterThan(0n);
    chain.pass(20);
    expect(() => chain.job(jobId)).toThrow();
    expect([reserved(chain), chain.violations()]).toEqual([0n, []]);
  });

  test("is refused where a wrong output costs nothing", () => {
    const chain = createChain({ params: { "inference.slashFractionWrongOutput": 0n } });
    expect(refused(chain, 1n)?.text).toContain("at most 0uassay");
    expect(refused(chain, 0n)).toBeUndefined();
  });
});

test("members of the least power are asked for as little", () => {
  const chain = createChain({ validators: { alice: 1000n, bob: 1n }, params: PARAMS });
  chain.request(1, worth(1n));
  expect(reservations.get(chain.store, addressOf("bob")) ?? 0n).toBeLessThan(
    reservations.get(chain.store, addressOf("alice")) ?? 0n,
  );
  chain.pass(10);
  expect([reserved(chain), chain.violations()]).toEqual([0n, []]);
});

test("stake and value are each other's inverse, rounded so that the value is always covered", () => {
  const { params } = createChain();
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 20n }), (value) => {
      const stake = stakeFor(value, params) ?? 0n;
      expect(valueFor(stake, params)).toBe(value);
      if (value > 0n) expect(valueFor(stake - 1n, params)).toBeLessThan(value);
    }),
  );
});
