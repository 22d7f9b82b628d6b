import { expect, test } from "vitest";
import { sha256 } from "../../chain/crypto/hash.ts";
import type { InlineRun } from "../../chain/module.ts";
import type { RunOutput } from "../../node/attester/runs.ts";
import { createInlineRuns } from "../../node/inline/inline-runs.ts";
import { createChain, INPUTS, manifestOf } from "../inference/harness.ts";

const MODEL = manifestOf("digits", { inline: true });
const BUDGET = 100;

function run(number: number): InlineRun {
  const { modelRoot, engineId } = MODEL;
  const inputsRoot = sha256(Uint8Array.of(number));
  return { jobId: inputsRoot, modelRoot, engineId, inputsRoot, inputs: INPUTS, units: 1, blank: () => INPUTS };
}
const outputOf = (number: number): RunOutput => ({ root: new Uint8Array(32), bytes: Uint8Array.of(number) });

/** Runs that end when the test says so, and a clock that it moves. */
function scene() {
  const { store } = createChain({ models: [MODEL] });
  const cache = new Map<string, RunOutput>();
  const waiting = new Map<string, (output: RunOutput | undefined) => void>();
  let now = 0;
  let alarms: { readonly at: number; readonly ring: () => void }[] = [];
  let outputs = 0;
  let started = 0;
  const key = (root: Uint8Array): string => String(root);
  const inline = createInlineRuns({
    state: () => store,
    clock: {
      now: () => now,
      after(ms, ring) {
        const alarm = { at: now + ms, ring };
        alarms.push(alarm);
        return () => {
          alarms = alarms.filter((other) => other !== alarm);
        };
      },
    },
    onOutput: () => void outputs++,
  });
  const runs = {
    cached: ({ inputsRoot }: { inputsRoot: Uint8Array }) => cache.get(key(inputsRoot)),
    start({ inputsRoot }: { inputsRoot: Uint8Array }) {
      started++;
      return new Promise<RunOutput | undefined>((resolve) => waiting.set(key(inputsRoot), resolve));
    },
  };
  return {
    inline,
    attach: () => inline.attach(runs),
    end: async (number: number, output: RunOutput | undefined) => {
      const id = key(run(number).inputsRoot);
      if (output !== undefined) cache.set(id, output);
      waiting.get(id)?.(output);
      await Promise.resolve();
      await Promise.resolve();
      await Promise.resolve();
    },
    wait: (ms: number) => {
      now += ms;
      for (const { at, ring } of alarms) if (at <= now) ring();
    },
    outputs: () => outputs,
    started: () => started,
    alarms: () => alarms.length,
  };
}

test("a proposer asks once, goes on without, and is told when the output is there", async () => {
  const at = scene();
  const { inline, end, outputs, started } = at;
  expect(inline.output(run(1))).toBeUndefined();
  at.attach();
  expect([inline.output(run(1)), inline.output(run(1))]).toEqual([undefined, undefined]);
  expect([started(), outputs()]).toEqual([1, 0]);
  await end(1, outputOf(7));
  expect([inline.output(run(1)), outputs()]).toEqual([outputOf(7).bytes, 1]);
});

test("a run that gave nothing is not begun again for ten seconds", async () => {
  const at = scene();
  const { inline, end, wait, started } = at;
  at.attach();
  inline.output(run(1));
  await end(1, undefined);
  wait(9999);
  inline.output(run(1));
  expect(started()).toBe(1);
  await Promise.resolve();
  wait(1);
  inline.output(run(1));
  expect(started()).toBe(2);
});

test("a validator votes for a block whose outputs are its own", async () => {
  const at = scene();
  const { inline, end, alarms } = at;
  at.attach();
  const verdict = inline.difference(
    [1, 2].map((number) => ({ run: run(number), output: Uint8Array.of(number) })),
    BUDGET,
  );
  await end(2, outputOf(2));
  await end(1, outputOf(1));
  expect(await verdict).toBeUndefined();
  expect(alarms()).toBe(0);
});

test.each<[string, (at: ReturnType<typeof scene>) => Promise<void> | void, RegExp]>([
  ["another output", (at) => at.end(1, outputOf(8)), /another output/],
  ["no output", (at) => at.end(1, undefined), /gave no output/],
  ["none in time", (at) => at.wait(BUDGET), /no output of its own within 100 ms/],
])("it does not where it has %s", async (_, happen, reason) => {
  const at = scene();
  at.attach();
  const verdict = at.inline.difference([{ run: run(1), output: Uint8Array.of(1) }], BUDGET);
  await happen(at);
  expect(await verdict).toMatch(reason);
  expect(at.alarms()).toBeLessThanOrEqual(1);
});

test("a node without an engine votes for no such block, one that does not vote has no opinion", async () => {
  const outcomes = [{ run: run(1), output: Uint8Array.of(1) }];
  expect(await scene().inline.difference(outcomes, BUDGET)).toBe("this node runs no models");
  const { inline } = scene();
  inline.abstain();
  expect(await inline.difference(outcomes, BUDGET)).toBeUndefined();
});

const outcome = (number: number, output: number) => ({ run: run(number), output: Uint8Array.of(output) });

test("of a decided block, outputs are computed again as long as that takes, and a difference is told", async () => {
  const at = scene();
  expect(await at.inline.dispute([outcome(1, 7)])).toBeUndefined(); // No engine yet: a replay of what was committed.
  at.attach();
  const right = at.inline.dispute([outcome(1, 7), outcome(2, 8)]);
  await at.end(1, outputOf(7));
  at.wait(100 * BUDGET);
  await at.end(2, outputOf(8));
  expect(await right).toBeUndefined();
  expect(await at.inline.dispute([outcome(1, 7), outcome(2, 9)])).toMatch(/^job [0-9a-f]{64}: another output$/);
});

test("of a decided block, a run that gives nothing is tried again, and then told", async () => {
  const at = scene();
  at.attach();
  const found = at.inline.dispute([outcome(1, 7)]);
  for (let tries = 0; tries < 4; tries++) {
    await at.end(1, undefined);
    await new Promise((resolve) => setImmediate(resolve));
    at.wait(10_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await found).toMatch(/: the engine gave no output$/);
  expect(at.started()).toBe(4);
});

test("a node without a vote disputes, too: it has no prevote to withhold, but may stop", async () => {
  const at = scene();
  at.attach();
  at.inline.abstain();
  expect(await at.inline.difference([outcome(1, 9)], BUDGET)).toBeUndefined();
  const found = at.inline.dispute([outcome(1, 9)]);
  await at.end(1, outputOf(7));
  expect(await found).toMatch(/another output/);
});
