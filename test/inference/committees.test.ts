import { BitArray } from "@chainsafe/ssz";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { equalBytes, toHex } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import type { Event } from "../../chain/module.ts";
import { drawSeats } from "../../modules/inference/draw.ts";
import { checkReceipt } from "../../modules/inference/receipt.ts";
import { countSeats, seatsOfJob } from "../../modules/inference/seats.ts";
import { JOB_STATUS, receipts } from "../../modules/inference/store.ts";
import { describeCommittee } from "../../node/cli/query/committee.ts";
import { QueryCommitteeRequest, QueryCommitteeResponse } from "../../proto/inference-query.ts";
import { addressOf, BLS, refusal, SPEC } from "../modules/network.ts";
import { type Chain, createChain, jobOutput, manifestOf } from "./harness.ts";

const NAMES = ["alice", "bob", "carol", "dave", "erin", "frank"];
const SIX = Object.fromEntries(NAMES.map((name) => [name, 10n]));

const setOf = (powers: readonly bigint[]) =>
  powers.map((power, index) => ({
    operator: sha256(Uint8Array.of(index)).slice(0, 20),
    identityKey: new Uint8Array(32),
    voteKey: new Uint8Array(48),
    power,
  }));
const all = (count: number): BitArray => BitArray.fromBoolArray(new Array<boolean>(count).fill(true));

describe("a draw", () => {
  test("is of so many different members, all of them eligible, and the same for everybody", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ power: fc.bigInt(1n, 2n ** 60n), eligible: fc.boolean() }), {
          minLength: 1,
          maxLength: 40,
        }),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.integer({ min: 1, max: 20 }),
        (members, seed, count) => {
          const validators = setOf(members.map(({ power }) => power));
          const eligible = BitArray.fromBoolArray(members.map((each) => each.eligible));
          const drawn = drawSeats(seed, validators, eligible, count);
          expect(drawn.bitLen).toBe(members.length);
          expect(countSeats(drawn)).toBe(Math.min(count, countSeats(eligible)));
          for (const index of drawn.getTrueBitIndexes()) expect(eligible.get(index)).toBe(true);
          expect(drawSeats(seed, validators, eligible, count)).toEqual(drawn);
        },
      ),
    );
  });

  test("gives each member its part: who has three times the power is drawn first three times as often", () => {
    const validators = setOf([10n, 30n, 10n, 50n]);
    const first = [0, 0, 0, 0];
    for (let round = 0; round < 4000; round++) {
      const [index = 0] = drawSeats(
        sha256(Uint8Array.of(round % 256, round >> 8)),
        validators,
        all(4),
        1,
      ).getTrueBitIndexes();
      first[index] = (first[index] ?? 0) + 1;
    }
    // 400, 1200, 400, 2000 are expected; the seeds are fixed, and five deviations are allowed.
    const off = [400, 1200, 400, 2000].map((expected, index) => Math.abs((first[index] ?? 0) - expected));
    expect(Math.max(...off)).toBeLessThan(160);
  });

  test("is known for one seed", () => {
    const drawn = drawSeats(
      sha256(new Uint8Array(1)),
      setOf(Array.from({ length: 20 }, (_, i) => BigInt(i + 1))),
      all(20),
      5,
    );
    expect(drawn.getTrueBitIndexes()).toEqual([7, 10, 15, 16, 18]);
  });
});

const sampling = (params: Readonly<Record<string, bigint>> = {}): Chain =>
  createChain({ validators: SIX, params: { "inference.committeeMax": 3n, "inference.appealWindow": 20n, ...params } });

/** Blocks of one proposer after the other. */
function turns(chain: Chain, names: readonly string[]): readonly Event[] {
  return names.flatMap((proposer) => [...chain.block({ proposer })]);
}

function drawnJob(
  chain: Chain,
  change = {},
): { readonly jobId: Uint8Array; readonly members: string[]; readonly others: string[] } {
  const [jobId = new Uint8Array()] = chain.request(1, change);
  turns(chain, ["alice", "bob", "carol"]);
  return { jobId, ...sides(chain, jobId) };
}

function sides(chain: Chain, jobId: Uint8Array): { readonly members: string[]; readonly others: string[] } {
  const seats = seatsOfJob(chain.job(jobId));
  const seated = (name: string): boolean =>
    seats.get(chain.validators.findIndex(({ operator }) => equalBytes(operator, addressOf(name))));
  return { members: NAMES.filter(seated), others: NAMES.filter((name) => !seated(name)) };
}

describe("a committee, where more serve the tier than it has seats", () => {
  test("is drawn once three proposers have contributed to the beacon, and not before", () => {
    const chain = sampling();
    const [jobId = new Uint8Array()] = chain.request();
    const { deadline } = chain.job(jobId);
    turns(chain, ["alice", "bob", "alice", "bob"]);
    expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.drawing, committeeSize: 0 });
    expect(() => chain.block({ commitments: [chain.commit("alice", jobId, 7)] })).toThrow(/commit window .* is closed/);
    const [drawn] = turns(chain, ["carol"]).filter(({ type }) => type === "inference_drawn");
    expect(drawn?.attributes).toContainEqual(["members", "3"]);
    const job = chain.job(jobId);
    expect(job).toMatchObject({
      status: JOB_STATUS.committing,
      committeeSize: 3,
      committeePower: 30n,
      bondedPower: 60n,
    });
    expect(job).toMatchObject({ drawHeight: chain.height, commitEnd: chain.height + 3, deadline });
    expect(chain.violations()).toEqual([]);
  });

  test("can be drawn again by anybody who has the beacon", () => {
    const chain = sampling();
    const { jobId } = drawnJob(chain);
    const answer = QueryCommitteeResponse.decode(
      chain.query("Committee", QueryCommitteeRequest.encode({ jobId: toHex(jobId) }).finish()),
    );
    expect(answer).toMatchObject({ tier: 0, drawHeight: 4n });
    const beacon = sha256(Uint8Array.of(4));
    const shown = describeCommittee(answer, toHex(jobId), beacon);
    expect(shown.draw).toEqual({ height: 4, beacon: toHex(beacon), seats: 3 });
    expect(shown.validators.map(({ seat }) => seat).toSorted((a, b) => a.length - b.length)).toEqual([
      ...new Array<string>(3).fill("drawn"),
      ...new Array<string>(3).fill("not drawn"),
    ]);
    expect(() => describeCommittee(answer, toHex(jobId), sha256(beacon))).toThrow(/draws others than the node says/);
    expect(() => describeCommittee({ ...answer, root: beacon }, toHex(jobId), beacon)).toThrow(/not those of the root/);
  });

  test("another job of the same block has another", () => {
    const chain = sampling();
    const jobIds = chain.request(12);
    turns(chain, ["alice", "bob", "carol"]);
    expect(new Set(jobIds.map((jobId) => chain.job(jobId).drawn.uint8Array.join())).size).toBeGreaterThan(3);
  });

  test("answers alone: others have no seat, and its receipt says who was asked", () => {
    const chain = sampling();
    const { jobId, members, others } = drawnJob(chain);
    const [stranger = ""] = others;
    expect(() => chain.block({ commitments: [chain.commit(stranger, jobId, 7)] })).toThrow(/not in the committee/);
    chain.block({ commitments: members.map((name) => chain.commit(name, jobId, 7)) });
    chain.block({ reveals: members.map((name) => chain.reveal(name, jobId, 7)), outputs: [jobOutput(jobId, 7)] });
    expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.final, widened: false });
    const receipt = receipts.get(chain.store, jobId);
    if (receipt === undefined) throw new Error("no receipt");
    expect(countSeats(receipt.seats)).toBe(3);
    expect(checkReceipt(receipt, chain.validators, SPEC.genesisRoot, BLS)).toBeUndefined();
    const index = chain.validators.findIndex(({ operator }) => equalBytes(operator, addressOf(stranger)));
    const signers = receipt.signers.clone();
    signers.set(index, true);
    expect(checkReceipt({ ...receipt, signers }, chain.validators, SPEC.genesisRoot, BLS)).toBe("a signer had no seat");
    expect(chain.violations()).toEqual([]);
  });

  test("a dissenter of a part of all power is not punished by it alone", () => {
    const chain = sampling({ "inference.committeeMax": 4n });
    const { jobId, members } = drawnJob(chain);
    const [liar = "", ...honest] = members;
    chain.block({ commitments: [chain.commit(liar, jobId, 8), ...honest.map((name) => chain.commit(name, jobId, 7))] });
    chain.block({
      reveals: [chain.reveal(liar, jobId, 8), ...honest.map((name) => chain.reveal(name, jobId, 7))],
      outputs: [jobOutput(jobId, 7)],
    });
    const events = chain.pass(40).map(({ type }) => type);
    expect(events).toContain("inference_dissent");
    expect(events).not.toContain("inference_slash");
  });

  test("is not drawn before the deadline: the job fails, and its escrow returns", () => {
    const chain = sampling();
    const [jobId = new Uint8Array()] = chain.request(1, { deadline: 5n });
    turns(chain, ["alice", "bob", "alice", "bob"]);
    expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.failed, settled: true });
    expect(chain.escrow()).toBe(0n);
    expect(chain.violations()).toEqual([]);
  });
});

describe("without a quorum among those drawn", () => {
  test("everyone is asked once; what has been revealed counts, and who comes late gets half", () => {
    // Nothing but attesters' parts, so that they can be compared.
    const chain = sampling({ "inference.proposerShare": 0n, "inference.costUnitPrice": 0n });
    const { jobId, members, others } = drawnJob(chain);
    const [first = "", second = "", silent = ""] = members;
    chain.block({ commitments: [first, second].map((name) => chain.commit(name, jobId, 7)) });
    chain.pass(2); // Exactly two thirds have committed: no quorum.
    expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.committing, widened: true, committeeSize: 6 });
    chain.block({ commitments: others.map((name) => chain.commit(name, jobId, 7)) });
    chain.pass(2);
    expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.revealing, committedPower: 50n });
    chain.block({
      proposer: silent,
      reveals: [first, second, ...others].map((name) => chain.reveal(name, jobId, 7)),
      outputs: [jobOutput(jobId, 7)],
    });
    expect(chain.job(jobId).status).toBe(JOB_STATUS.final);
    const [early, late] = [chain.earned(first), chain.earned(others[1] ?? "")];
    expect(late).toBeGreaterThan(0n);
    expect(late * 2n - early <= 2n && early - late * 2n <= 2n).toBe(true);
    expect(chain.violations()).toEqual([]);
  });

  test("what was revealed in the first phase is not asked for again", () => {
    const chain = sampling();
    const { jobId, members, others } = drawnJob(chain);
    chain.block({ commitments: members.map((name) => chain.commit(name, jobId, 7)) });
    const [first = "", second = "", hidden = ""] = members;
    chain.block({ reveals: [first, second].map((name) => chain.reveal(name, jobId, 7)) });
    chain.pass(2);
    expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.committing, widened: true, committedCount: 3 });
    chain.block({ commitments: others.map((name) => chain.commit(name, jobId, 7)) });
    expect(chain.job(jobId).status).toBe(JOB_STATUS.revealing);
    expect(() => chain.block({ reveals: [chain.reveal(first, jobId, 7)] })).toThrow(/already revealed/);
    const events = chain.block({
      reveals: others.map((name) => chain.reveal(name, jobId, 7)),
      outputs: [jobOutput(jobId, 7)],
    });
    expect(events.map(({ type }) => type)).toContain("inference_final");
    const dissent = chain.pass(5).filter(({ type }) => type === "inference_dissent");
    expect(dissent).toHaveLength(1);
    expect(chain.violations()).toEqual([]);
    expect(hidden).not.toBe("");
  });

  test("and then none among all, the job fails and nobody is punished", () => {
    const chain = sampling();
    const { jobId } = drawnJob(chain);
    const events = chain.pass(10).map(({ type }) => type);
    expect(events.filter((type) => type === "inference_widened")).toHaveLength(1);
    expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.failed, widened: true });
    expect(chain.escrow()).toBe(0n);
    expect(events).not.toContain("inference_dissent");
  });
});

describe("the value at risk", () => {
  const worth = (valueAtRisk: bigint) => ({ valueAtRisk: String(valueAtRisk) });

  test("of a job whose drawn members have too little stake is answered for by everyone of the tier", () => {
    const chain = sampling();
    // 60 ASSAY answer for 500,000, three tenths of them for 250,000.
    const { jobId } = drawnJob(chain, worth(400_000n));
    expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.committing, widened: true, committeeSize: 6 });
    expect(chain.violations()).toEqual([]);
    chain.pass(10);
    expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.failed, reserved: 0n });
    expect(chain.violations()).toEqual([]);
  });

  test("is reserved with those drawn, and with everyone once everyone is asked", () => {
    const chain = sampling();
    const { jobId } = drawnJob(chain, worth(200_000n));
    expect(chain.job(jobId)).toMatchObject({ widened: false, committeeSize: 3 });
    expect(chain.violations()).toEqual([]);
    chain.pass(4);
    expect(chain.job(jobId)).toMatchObject({ widened: true, committeeSize: 6 });
    expect(chain.violations()).toEqual([]);
  });

  test("that others have taken in the meantime ends the job", () => {
    const chain = sampling();
    const [first = new Uint8Array(), second = new Uint8Array()] = chain.request(2, worth(450_000n));
    turns(chain, ["alice", "bob", "carol"]);
    expect(new Set([first, second].map((jobId) => chain.job(jobId).status))).toEqual(
      new Set([JOB_STATUS.committing, JOB_STATUS.failed]),
    );
    expect(chain.violations()).toEqual([]);
  });
});

describe("a tier", () => {
  const large = (change = {}) => manifestOf("large", { tier: 1, ...change });
  const told = (chain: Chain, change: Parameters<Chain["send"]["request"]>[0]) => {
    let answer: ReturnType<typeof refusal>;
    chain.block({
      run() {
        answer = refusal(() => chain.send.request(change));
      },
    });
    return answer;
  };

  test("that too few serve is not asked", () => {
    const chain = createChain({ validators: SIX, models: [large()] });
    expect(told(chain, { model: "large" })).toMatchObject({
      code: "inference/18",
      text: expect.stringContaining("tier 1 is served by 0 of 6 validators with 0 of 60 power"),
    });
    chain.block({ run: () => chain.send.tiers("alice", [0, 1]) });
    expect(told(chain, { model: "large" })).toMatchObject({ code: "inference/18" });
    chain.block({ run: () => chain.send.tiers("bob", [1]) });
    // 20 of 60 are below 333,334 ppm.
    expect(told(chain, { model: "large" })).toMatchObject({ code: "inference/18" });
    chain.block({ run: () => chain.send.tiers("carol", [0, 1]) });
    expect(told(chain, { model: "large" })).toBeUndefined();
  });

  test("is asked alone, and its quorum is of its own power", () => {
    const chain = createChain({ validators: SIX, models: [large()] });
    chain.block({ run: () => ["alice", "bob", "carol", "dave"].map((name) => chain.send.tiers(name, [1])) });
    const [jobId = new Uint8Array()] = chain.request(1, { model: "large" });
    expect(chain.job(jobId)).toMatchObject({ tier: 1, committeeSize: 4, committeePower: 40n, bondedPower: 60n });
    const members = ["alice", "bob", "carol"];
    chain.block({ commitments: members.map((name) => chain.commit(name, jobId, 7)) });
    chain.pass(2);
    chain.block({ reveals: members.map((name) => chain.reveal(name, jobId, 7)), outputs: [jobOutput(jobId, 7)] });
    expect(chain.job(jobId).status).toBe(JOB_STATUS.final);
    expect(chain.violations()).toEqual([]);
  });

  test("is left from the next block on: a job that is open keeps its committee", () => {
    const chain = createChain({ validators: SIX });
    let jobId: Uint8Array = new Uint8Array();
    chain.block({
      run() {
        chain.send.tiers("alice", []);
        jobId = chain.send.request().jobId;
      },
    });
    expect(chain.job(jobId).committeeSize).toBe(6);
    const [next = new Uint8Array()] = chain.request();
    expect(chain.job(next).committeeSize).toBe(5);
    chain.block({ commitments: [chain.commit("alice", jobId, 7)] });
    expect(() => chain.block({ commitments: [chain.commit("alice", next, 7)] })).toThrow(/not in the committee/);
  });

  test("that less than nine tenths of the power serve runs nothing inline: its requests are attested, without a strike", () => {
    const chain = createChain({ validators: SIX, models: [manifestOf("quick", { inline: true })] });
    const lane = () => {
      let took = "";
      chain.block({
        run() {
          took = chain.send.request({ model: "quick", lane: "inline" }).lane;
        },
      });
      return took;
    };
    expect(lane()).toBe("inline");
    chain.block({ run: () => chain.send.tiers("alice", []) });
    expect(lane()).toBe("attested");
  });
});
