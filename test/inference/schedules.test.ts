import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toHex, utf8 } from "../../chain/bytes.ts";
import { moduleAddress } from "../../modules/auth/keeper.ts";
import { balance } from "../../modules/bank/keeper.ts";
import { abandonJobs } from "../../modules/inference/abandon.ts";
import { FIRST_SCHEDULED_INDEX, scheduledRun } from "../../modules/inference/job-names.ts";
import { ESCROW } from "../../modules/inference/models.ts";
import { runInputs, scheduleSeed } from "../../modules/inference/schedule-seed.ts";
import { heldFor } from "../../modules/inference/schedules.ts";
import {
  JOB_STATUS,
  jobInputs,
  jobs,
  MODEL_STATUS,
  models,
  scheduleDue,
  schedules,
} from "../../modules/inference/store.ts";
import { DTYPES, Tensors } from "../../modules/inference/tensors.ts";
import {
  QueryJobRequest,
  QueryJobResponse,
  QueryScheduleRequest,
  QueryScheduleResponse,
  QuerySchedulesRequest,
  QuerySchedulesResponse,
} from "../../proto/inference-query.ts";
import { accountOf, addressOf, SPEC } from "../modules/network.ts";
import {
  type Chain,
  type ChainOptions,
  createChain,
  FOUR,
  jobOutput,
  manifestOf,
  requestOf,
  values,
} from "./harness.ts";

const NAMES = Object.keys(FOUR);
const FEE = { "inference.scheduleFee": 0n };
const offer = (amount: bigint) => ({ denom: "uassay", amount: String(amount) });

/** A chain with a schedule of `user`: made in block 1. */
function scheduled(change: Parameters<Chain["send"]["schedule"]>[0] = {}, options: ChainOptions = {}) {
  const chain = createChain({ ...options, params: { ...FEE, ...options.params } });
  chain.block({ run: () => void chain.send.schedule(change) });
  return { chain, number: 1 };
}

const idsOf = (chain: Chain) => jobs.entries(chain.store).map(([jobId]) => jobId);
const heightsOf = (chain: Chain) =>
  jobs
    .entries(chain.store)
    .map(([, { requestedHeight }]) => requestedHeight)
    .sort((a, b) => a - b);

/** All attest an open job at once. */
function settle(chain: Chain): void {
  for (const [jobId] of jobs.entries(chain.store)) {
    const { status, commitEnd } = chain.job(jobId);
    if (status !== JOB_STATUS.committing || chain.height >= commitEnd) continue;
    chain.block({ commitments: NAMES.map((name) => chain.commit(name, jobId, 7)) });
    chain.block({ reveals: NAMES.map((name) => chain.reveal(name, jobId, 7)), outputs: [jobOutput(jobId, 7)] });
  }
}

test("runs are opened every so many blocks, paid out of what is held, and then it is over", () => {
  const { chain, number } = scheduled({ every: 10n, runs: 3n });
  expect(number).toBe(1);
  const paid = 1000n * 1_000_000n - chain.balance("user");
  expect(paid).toBe(3n * 50_000n);
  expect(chain.escrow()).toBe(150_000n);
  const seen: (string | undefined)[] = [];
  while (chain.height < 40) {
    const events = chain.block();
    seen.push(...values(events, "inference_schedule_run", "run"));
    expect(chain.violations()).toEqual([]);
    settle(chain);
  }
  expect(seen).toEqual(["0", "1", "2"]);
  expect(heightsOf(chain)).toEqual([11, 21, 31]);
  expect(idsOf(chain).every((jobId) => chain.job(jobId).status === JOB_STATUS.final)).toBe(true);
  expect(schedules.entries(chain.store)).toEqual([]);
  expect(chain.escrow()).toBe(0n);
  // Three runs at 10,000 and the base fee of 100; the rest is back.
  expect(1000n * 1_000_000n - chain.balance("user")).toBe(30_300n);
});

test("a run is named by its schedule and its number, as no request can be", () => {
  const { chain, number } = scheduled({ every: 2n, runs: 2n });
  chain.pass(4);
  const fields = idsOf(chain).map((jobId) => chain.job(jobId).fields);
  expect(fields.map(scheduledRun).sort((a, b) => (a?.run ?? 0) - (b?.run ?? 0))).toEqual([
    { schedule: number, run: 0 },
    { schedule: number, run: 1 },
  ]);
  expect(fields.every(({ messageIndex }) => messageIndex >= FIRST_SCHEDULED_INDEX)).toBe(true);
  expect(scheduledRun({ sequence: 1, messageIndex: 255 })).toBeUndefined();
  const [jobId] = idsOf(chain);
  const query = QueryJobRequest.encode({ jobId: toHex(jobId ?? new Uint8Array()) }).finish();
  expect(QueryJobResponse.decode(chain.query("Job", query)).job).toMatchObject({ schedule: 1n });
  // The same account's request with the same sequence has another id.
  chain.block({ run: () => void chain.send.request({}, number) });
  expect(new Set(idsOf(chain).map(toHex)).size).toBe(3);
});

describe("a seed", () => {
  const seeded = manifestOf("seeded", {
    inputs: [
      { name: utf8("x"), dtype: DTYPES.float32.code, shape: [1, 2] },
      { name: utf8("seed"), dtype: DTYPES.uint8.code, shape: [40] },
    ],
  });
  const inputs = Tensors.serialize([
    { dtype: DTYPES.float32.code, shape: [1, 2], data: new Uint8Array(8) },
    { dtype: DTYPES.uint8.code, shape: [40], data: new Uint8Array(40) },
  ]);

  test("comes from the beacon of the block that opens the run, another for each run and each schedule", () => {
    const request = requestOf({ model: "seeded", inputs });
    const { chain } = scheduled({ request, every: 2n, runs: 2n, seedInput: "seed" }, { models: [seeded] });
    chain.block({ run: () => void chain.send.schedule({ request, every: 1n, runs: 1n, seedInput: "seed" }) });
    chain.pass(3);
    const found = jobs.entries(chain.store).map(([jobId, job]) => {
      const [x, seed] = Tensors.deserialize(jobInputs.get(chain.store, jobId) ?? new Uint8Array());
      const given = jobInputs.get(chain.store, jobId) ?? new Uint8Array();
      expect(Tensors.hashTreeRoot(Tensors.deserialize(given))).toEqual(job.fields.inputsRoot);
      expect(x?.data).toEqual(new Uint8Array(8));
      return { run: scheduledRun(job.fields), seed: seed?.data ?? new Uint8Array(), height: job.requestedHeight };
    });
    expect(new Set(found.map(({ seed }) => toHex(seed))).size).toBe(3);
    const first = found.find(({ run }) => run?.schedule === 1 && run.run === 0);
    expect(first?.height).toBe(3);
    expect(first?.seed).toEqual(scheduleSeed(chain.context(3).block.beacon, 1, 0, 40));
  });

  test("fills exactly the input that it is for", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), (length) => {
        const seed = scheduleSeed(new Uint8Array(32), 1, 0, length);
        expect(seed).toHaveLength(length);
        expect(seed).toEqual(scheduleSeed(new Uint8Array(32), 1, 0, 200).subarray(0, length));
      }),
      { numRuns: 20 },
    );
    expect(runInputs(inputs, 0, () => new Uint8Array(40).fill(1)).inputs).toEqual(inputs);
  });
});

test("a run that is too dear is put off, and skipped in the end; what was held for it returns", () => {
  const params = { "inference.schedulePatience": 3n, "inference.priceChangeDenominator": 1n };
  const { chain } = scheduled(
    { request: requestOf({ maxFee: offer(10_150n) }), every: 4n, runs: 2n },
    { params: { ...params, "inference.maxJobsPerBlock": 2n } },
  );
  const before = chain.balance("user");
  // Full blocks double the price; the run of block 5 would cost more than it offers.
  const flood = () =>
    chain.block({
      run: () => void [1, 2].map(() => chain.send.request({ requester: accountOf("owner"), maxFee: offer(10n ** 8n) })),
    });
  for (let i = 0; i < 3; i++) flood();
  let events = flood();
  expect(values(events, "inference_schedule_run", "run")).toEqual([]);
  for (let i = 0; i < 3; i++) events = flood();
  expect(values(events, "inference_schedule_skipped", "run")).toEqual(["0"]);
  expect(values(events, "inference_schedule_skipped", "refund")).toEqual(["10150"]);
  expect(chain.balance("user") - before).toBe(10_150n);
  expect(chain.violations()).toEqual([]);
  // Cheap again, the next run finds its place, late.
  const later = chain.pass(12);
  expect(values(later, "inference_schedule_run", "run")).toEqual(["1"]);
  chain.pass(12);
  expect(schedules.entries(chain.store)).toEqual([]);
});

test("where a tier has no room, runs wait their turn, those that waited longest first", () => {
  const chain = createChain({ params: { ...FEE, "inference.scheduledJobsPerBlock": 2n } });
  const numbers: number[] = [];
  chain.block({
    run() {
      for (let i = 0; i < 5; i++) numbers.push(chain.send.schedule({ every: 3n, runs: 1n }));
    },
  });
  const opened: (string | undefined)[][] = [];
  for (let i = 0; i < 6; i++) opened.push([...values(chain.block(), "inference_schedule_run", "schedule")]);
  expect(opened).toEqual([[], [], ["1", "2"], ["3", "4"], ["5"], []]);
  expect(chain.violations()).toEqual([]);
});

test("schedules can't fill a block: they open so many jobs, and look at so many", () => {
  const params = {
    ...FEE,
    "inference.maxSchedulesPerAccount": 200n,
    "inference.scheduledJobsPerBlock": 3n,
    "inference.schedulePatience": 0n,
  };
  const chain = createChain({ params });
  chain.block({
    run() {
      for (let i = 0; i < 100; i++) chain.send.schedule({ every: 2n, runs: 1n });
    },
  });
  chain.pass(1);
  expect(values(chain.block(), "inference_schedule_run", "run")).toHaveLength(3);
  // Those that can't run are skipped, 64 a block.
  const { manifest } = models.entries(chain.store)[0]?.[1] ?? { manifest: manifestOf("digits") };
  const model = models.get(chain.store, manifest.modelRoot);
  if (model === undefined) throw new Error("no model");
  models.set(chain.store, manifest.modelRoot, { ...model, status: MODEL_STATUS.failed });
  expect(values(chain.block(), "inference_schedule_ended", "reason")).toHaveLength(64);
});

test("its owner ends it, and has back what is not used; a job that is open goes on", () => {
  const { chain, number } = scheduled({ every: 2n, runs: 5n });
  chain.pass(2);
  const [jobId] = idsOf(chain) as [Uint8Array];
  expect(() => chain.block({ run: () => void chain.send.cancel(number, accountOf("owner")) })).toThrow(
    /the account has no schedule 1/,
  );
  const before = chain.balance("user");
  chain.block({ run: () => expect(chain.send.cancel(number)).toEqual({ refund: "200000" }) });
  expect(chain.balance("user") - before).toBe(200_000n);
  expect(chain.job(jobId).status).toBe(JOB_STATUS.committing);
  expect(chain.escrow()).toBe(49_900n);
  expect(chain.violations()).toEqual([]);
  expect(() => chain.block({ run: () => void chain.send.cancel(number) })).toThrow(/no schedule 1/);
});

test("a model that is not active any more ends it, with a refund", () => {
  const { chain } = scheduled({ every: 2n, runs: 5n });
  const { modelRoot } = manifestOf("digits");
  const model = chain.model(modelRoot);
  if (model === undefined) throw new Error("no model");
  models.set(chain.store, modelRoot, { ...model, status: MODEL_STATUS.failed });
  const before = chain.balance("user");
  const events = chain.pass(2);
  expect(values(events, "inference_schedule_ended", "reason")).toEqual(["the model is not active any more"]);
  expect(chain.balance("user") - before).toBe(250_000n);
});

test("the end of a chain ends it, with a refund", () => {
  const { chain } = scheduled({ every: 2n, runs: 5n });
  const before = chain.balance("user");
  abandonJobs(chain.context());
  expect(chain.balance("user") - before).toBe(250_000n);
  expect(chain.violations()).toEqual([]);
});

test("its place costs the fee, which goes where fees go", () => {
  const chain = createChain();
  const before = chain.balance("user");
  chain.block({ run: () => void chain.send.schedule({ every: 2n, runs: 1n }) });
  expect(before - chain.balance("user")).toBe(60_000n);
  expect(balance(chain.store, moduleAddress("fee_collector"), SPEC.denom)).toBe(10_000n);
});

test("schedules are told one by one, by owner and all", () => {
  const { chain, number } = scheduled({ every: 2n, runs: 5n });
  chain.pass(2);
  const one = QueryScheduleResponse.decode(
    chain.query("Schedule", QueryScheduleRequest.encode({ schedule: BigInt(number) }).finish()),
  );
  expect(one.schedule).toMatchObject({
    owner: accountOf("user"),
    every: 2n,
    runsLeft: 4n,
    opened: 1n,
    skipped: 0n,
    planned: 5n,
    held: "200000",
    seedInput: "",
  });
  const list = (owner: string) =>
    QuerySchedulesResponse.decode(
      chain.query("Schedules", QuerySchedulesRequest.encode({ owner, pagination: undefined }).finish()),
    ).schedules.length;
  expect([list(""), list(accountOf("user")), list(accountOf("owner"))]).toEqual([1, 1, 0]);
});

/** What may happen to schedules, and to the jobs that they open. */
const step = fc.oneof(
  fc.record({
    kind: fc.constant("schedule" as const),
    every: fc.integer({ min: 1, max: 4 }),
    runs: fc.integer({ min: 1, max: 4 }),
    fee: fc.integer({ min: 10_100, max: 10_130 }),
  }),
  fc.record({ kind: fc.constant("cancel" as const), number: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ kind: fc.constant("request" as const), count: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant("settle" as const) }),
  fc.record({ kind: fc.constant("pass" as const), blocks: fc.integer({ min: 1, max: 4 }) }),
);

/** Carries one out; what is refused leaves no trace. */
function play(chain: Chain, each: typeof step extends fc.Arbitrary<infer S> ? S : never): void {
  try {
    if (each.kind === "pass") chain.pass(each.blocks);
    else if (each.kind === "settle") settle(chain);
    else if (each.kind === "request") chain.request(each.count, { maxFee: offer(20_000n) });
    else if (each.kind === "cancel") chain.block({ run: () => void chain.send.cancel(each.number) });
    else {
      const { every, runs, fee } = each;
      const request = requestOf({ maxFee: offer(BigInt(fee)) });
      chain.block({ run: () => void chain.send.schedule({ request, every: BigInt(every), runs: BigInt(runs) }) });
    }
  } catch (error) {
    if ((error as { name?: string }).name !== "TxError") throw error;
  }
}

test("no sequence of requests, schedules, cancellations and failures pays out more than was paid in, and nothing stays", () => {
  let ran = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 4, maxLength: 14 }), (steps) => {
      const params = {
        ...FEE,
        "inference.maxJobsPerBlock": 4n,
        "inference.schedulePatience": 2n,
        "inference.maxSchedulesPerAccount": 4n,
        "inference.jobRetention": 100n,
      };
      const chain = createChain({ params });
      for (const each of steps) {
        play(chain, each);
        expect(chain.violations()).toEqual([]);
      }
      ran += jobs.entries(chain.store).filter(([, { fields }]) => scheduledRun(fields) !== undefined).length;
      // All schedules have had their runs, all jobs have ended: there is nothing left to hold.
      chain.pass(40);
      expect(chain.violations()).toEqual([]);
      expect(schedules.entries(chain.store)).toEqual([]);
      expect(chain.escrow()).toBe(0n);
    }),
    { numRuns: 30 },
  );
  expect(ran).toBeGreaterThan(10);
});

test("the invariants see a schedule that is never tried, and one that nothing is held for", () => {
  const { chain, number } = scheduled();
  const schedule = schedules.get(chain.store, number);
  if (schedule === undefined) throw new Error("no schedule");
  scheduleDue.delete(chain.store, [schedule.due, number]);
  expect(chain.violations()).toEqual([
    "inference.schedules: schedule 1 is never tried",
    "inference.schedules: 1 schedules, 0 queued",
  ]);
  scheduleDue.set(chain.store, [schedule.due, number], 1);
  expect(heldFor(schedule)).toBe(balance(chain.store, ESCROW, SPEC.denom));
  schedules.set(chain.store, number, { ...schedule, runsLeft: schedule.runsLeft + 1 });
  expect(chain.violations()).toEqual([expect.stringMatching(/^inference.escrow: the escrow holds .* and owes/)]);
  expect(addressOf("user")).toEqual(schedule.owner);
});
