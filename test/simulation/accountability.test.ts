import { expect, test } from "vitest";
import { toHex, utf8 } from "../../chain/bytes.ts";
import { encodeAddress } from "../../chain/crypto/bech32.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { due, JobRecord, jobs } from "../../modules/inference/store.ts";
import type { StoredBlock } from "../../node/api.ts";
import { createOverlay } from "../../state/overlay.ts";
import { tensorOf } from "./fake-engine.ts";
import { createJobChecks } from "./job-checks.ts";
import type { NodeEngine, Plant } from "./node-options.ts";
import type { SimulationOptions, SimulationResult } from "./options.ts";
import { scenarioOf } from "./scenario.ts";
import { createSimulator } from "./simulate.ts";
import { breakLocks } from "./strategies/break-locks.ts";
import { copyCommitments } from "./strategies/copy-commitments.ts";
import { equivocateAttestations } from "./strategies/equivocate-attestations.ts";
import { flipFlop } from "./strategies/flip-flop.ts";
import { guessOutputs } from "./strategies/guess-outputs.ts";
import { leaveOut } from "./strategies/leave-out.ts";
import { slowRuns } from "./strategies/slow-runs.ts";
import { withholdReveals } from "./strategies/withhold-reveals.ts";
import { wrongOutputs } from "./strategies/wrong-outputs.ts";
import type { Strategy } from "./strategy.ts";
import { createWorld } from "./world.ts";

/** What comes of faults in the end, in runs that are long enough for it: who is held to account, and who is not. */

const simulator = createSimulator();
const CALM = { loss: 0, duplication: 0, partitions: [], oneWay: [], latency: 5, jitter: 5 };

function run(seed: number, byzantine: readonly Strategy[], changes: Partial<SimulationOptions> = {}) {
  return simulator.run({
    ...scenarioOf({ seed, nodes: 4 }),
    byzantine: byzantine.length === 0 ? [] : [byzantine],
    realBls: false,
    heights: 16,
    txEvery: 50,
    crashEvery: 0,
    ...changes,
  });
}

async function sumOf(seeds: number, strategies: readonly Strategy[], changes: Partial<SimulationOptions> = {}) {
  const results: SimulationResult[] = [];
  for (let seed = 0; seed < seeds; seed++) {
    const result = await run(seed, strategies, changes);
    expect([seed, result.violations]).toEqual([seed, []]);
    results.push(result);
  }
  const sum = (
    name:
      | "runsDrawn"
      | "runsWidened"
      | "runsFinal"
      | "runsFailed"
      | "runsInline"
      | "runsAudited"
      | "suspended"
      | "dissents"
      | "equivocations"
      | "challenges"
      | "amnesia"
      | "byzantineActs",
  ) => results.reduce((total, result) => total + result[name], 0);
  return { sum };
}

test("who attests a wrong output is found to dissent, and runs become final without it", async () => {
  const { sum } = await sumOf(2, [wrongOutputs]);
  expect(sum("dissents")).toBeGreaterThan(0);
  expect(sum("runsFinal")).toBeGreaterThan(0);
});

test("who guesses, or is right now and then, is found to dissent where it was not", async () => {
  for (const strategy of [guessOutputs, flipFlop]) {
    const { sum } = await sumOf(2, [strategy]);
    expect(sum("dissents")).toBeGreaterThan(0);
    expect(sum("runsFinal")).toBeGreaterThan(0);
  }
});

test("who is too slow, or proposes blocks without what others attest, stops no run, and is not held to account", async () => {
  for (const strategy of [slowRuns, leaveOut]) {
    const { sum } = await sumOf(2, [strategy]);
    expect(sum("byzantineActs")).toBeGreaterThan(0);
    expect(sum("runsFinal")).toBeGreaterThan(0);
    expect([sum("dissents"), sum("equivocations")]).toEqual([0, 0]);
  }
});

/** They lie about runs alone: of blocks they would be too many. */
const liars = (count: number) => ({
  byzantine: Array.from({ length: count }, () => [wrongOutputs]),
  network: CALM,
  heights: 12,
});

test("where half of the power agrees on a wrong output, no run becomes final and nobody is punished", async () => {
  const { sum } = await sumOf(2, [], { nodes: 4, ...liars(2) });
  expect(sum("runsFailed")).toBeGreaterThan(0);
  expect([sum("runsFinal"), sum("dissents"), sum("equivocations")]).toEqual([0, 0, 0]);
});

test("where about a third of it does, runs fail, or become final on the right output", async () => {
  // Delegations move the power to either side of a third.
  const { sum } = await sumOf(2, [], { nodes: 6, ...liars(2) });
  expect(sum("runsFailed")).toBeGreaterThan(0);
});

test("committees are drawn, and everyone is asked where some of those drawn lie or hide", async () => {
  for (const strategy of [wrongOutputs, withholdReveals]) {
    const { sum } = await sumOf(2, [], {
      nodes: 7,
      byzantine: [[strategy], [strategy]],
      network: CALM,
      heights: 30,
    });
    expect(sum("runsDrawn")).toBeGreaterThan(0);
    expect(sum("runsWidened")).toBeGreaterThan(0);
    expect(sum("runsFinal")).toBeGreaterThan(0);
    expect(sum("equivocations")).toBe(0);
  }
});

test("who attests two outputs is convicted by its own signatures", async () => {
  const { sum } = await sumOf(2, [equivocateAttestations]);
  expect(sum("equivocations")).toBeGreaterThan(0);
  expect(sum("runsFinal")).toBeGreaterThan(0);
});

test.each([withholdReveals, copyCommitments])("$name stops no run, and wins nothing", async (strategy) => {
  const { sum } = await sumOf(2, [strategy]);
  expect(sum("byzantineActs")).toBeGreaterThan(0);
  expect(sum("runsFinal")).toBeGreaterThan(0);
  expect(sum("dissents")).toBe(0);
});

test("who votes against its own precommit is challenged, and barred when nothing excuses it; nobody else ever is", async () => {
  const lossy = { network: { ...CALM, jitter: 10, loss: 0.45 }, healAt: 3000, heights: 10, txEvery: 0, pauseEvery: 0 };
  const { sum } = await sumOf(8, [breakLocks], lossy);
  expect(sum("challenges")).toBeGreaterThan(0);
  expect(sum("amnesia")).toBeGreaterThan(0);
  const honest = await sumOf(8, [], lossy);
  expect([honest.sum("challenges"), honest.sum("amnesia")]).toEqual([0, 0]);
});

/** A broken engine: its owner means well, and the checks must see what it does. */
const broken: Plant = {
  engine: (honest): NodeEngine => ({
    id: honest.id,
    run: async (request) => {
      const result = await honest.run(request);
      if (result.kind !== "ok") return result;
      return { kind: "ok", outputs: result.outputs.map(({ data }) => tensorOf(sha256(data))) };
    },
  }),
};

/** One that gives no output: its owner attests nothing. */
const silent: Plant = {
  engine: (honest): NodeEngine => ({
    id: honest.id,
    run: () => Promise.resolve({ kind: "absent", reason: "no engine" }),
  }),
};

test("a run that half of the engines give nothing for fails, and nobody is punished for it", async () => {
  const plants = new Map([0, 1].map((node) => [node, silent]));
  const { sum } = await sumOf(2, [], { plants, network: CALM });
  expect(sum("runsFailed")).toBeGreaterThan(0);
  expect([sum("runsFinal"), sum("dissents"), sum("equivocations")]).toEqual([0, 0, 0]);
});

test("where nobody asks for anything, audits find the validator that can't run models, and nobody else", async () => {
  const calm = { network: CALM, txEvery: 0, pauseEvery: 0, heights: 40 };
  const { sum } = await sumOf(2, [], { ...calm, plants: new Map([[0, silent]]) });
  expect(sum("runsAudited")).toBeGreaterThan(10);
  expect([sum("suspended"), sum("dissents"), sum("runsInline")]).toEqual([2, 0, 0]);
  const honest = await sumOf(2, [], calm);
  expect(honest.sum("runsAudited")).toBeGreaterThan(10);
  expect([honest.sum("suspended"), honest.sum("runsFailed")]).toEqual([0, 0]);
});

test("planted fault: an honest validator whose engine is wrong", async () => {
  const violations: string[] = [];
  for (let seed = 1; seed <= 8 && violations.length === 0; seed++) {
    violations.push(...(await run(seed, [], { plants: new Map([[0, broken]]), network: CALM })).violations);
  }
  expect(violations).toContainEqual(expect.stringContaining("is said to have attested a wrong output"));
});

test("planted fault: so many engines are wrong that they agree on it", async () => {
  const plants = new Map([0, 1, 2].map((node) => [node, broken]));
  const found = new Set<string>();
  // The first wrong output ends a run: in whichever lane it is.
  for (let seed = 1; seed <= 8 && found.size < 2; seed++) {
    const { violations } = await run(seed, [], { plants, network: CALM });
    for (const text of violations)
      found.add(/is final on a wrong output|ran inline to a wrong output/.exec(text)?.[0] ?? "");
  }
  expect(found).toEqual(new Set(["is final on a wrong output", "ran inline to a wrong output"]));
});

test("planted fault: an honest validator is convicted, or a job never ends", () => {
  const world = createWorld({ nodes: 4, realBls: false });
  const checks = createJobChecks(world, [0, 1, 2]);
  const state = createOverlay({ get: () => undefined, iterate: () => [] });
  const jobId = sha256(utf8("a job"));
  jobs.set(state, jobId, { ...JobRecord.defaultValue(), commitEnd: 5, revealEnd: 8 });
  due.set(state, [8, jobId], 1);
  const blockOf = (height: number, operator: number) => {
    const address = encodeAddress(world.genesis.spec.prefix, world.operators[operator] ?? new Uint8Array(20));
    const attributes = [
      ["job_id", toHex(jobId)],
      ["operator", address],
    ] as const;
    const result = { events: [{ type: "inference_equivocation", attributes }], txs: [], validatorUpdates: [] };
    return { block: { header: { height }, body: { inlineResults: [] } }, result } as unknown as StoredBlock;
  };
  expect(checks.faults(state, blockOf(8, 3))).toEqual([]);
  expect(checks.faults(state, blockOf(9, 0))).toEqual([
    `an honest validator is said to have attested two outputs of ${toHex(jobId)}`,
    `${toHex(jobId)} is open beyond its windows`,
  ]);
  expect(checks.counts.equivocations).toBe(2);
});
