import { readdirSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { createEngine } from "../../node/engine/engine.ts";
import { memoryIsWatched } from "../../node/engine/memory-watchdog.ts";
import { HOSTILE_MODELS } from "../engine/hostile/catalogue.ts";
import { confront, expectCanonical, MEMORY_MIB } from "../engine/hostile/confront.ts";
import { requestOf } from "../engine/hostile/hostile-model.ts";

const MIB = 1024 * 1024;
/** Of the node's process, from the end of one round to the end of the next. The files of a round are 75 MiB together. */
const GROWTH_MIB = 48;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function residentMiB(): number {
  collect();
  return process.memoryUsage.rss() / MIB;
}

test("memory that is kept is seen", () => {
  const before = residentMiB();
  const kept = Buffer.alloc(2 * GROWTH_MIB * MIB, 1);
  expect(residentMiB() - before).toBeGreaterThan(GROWTH_MIB);
  expect(kept).toHaveLength(2 * GROWTH_MIB * MIB);
});

/** Open files and pipes of this process; none where the system does not say. */
const openFiles = (): number => (process.platform === "linux" ? readdirSync("/proc/self/fd").length : 0);

test("no hostile model changes an output, outlives its time or leaves memory or pipes behind in the node", async () => {
  const engine = createEngine({ processes: 2, memoryMiB: MEMORY_MIB });
  const resident: number[] = [];
  const files: number[] = [];
  for (let round = 0; round < 4; round++) {
    for (const hostile of HOSTILE_MODELS) await confront(engine, hostile, 1000);
    await expectCanonical(engine);
    resident.push(residentMiB());
    files.push(openFiles());
  }
  const [, second = 0] = resident;
  expect(Math.max(...resident.slice(2)) - second, `MiB after each round: ${resident.join(", ")}`).toBeLessThan(
    GROWTH_MIB,
  );
  expect(Math.max(...files) - Math.min(...files)).toBeLessThanOrEqual(2);
  await engine.close();
  expect(engine.status().processes.map(({ pid }) => pid)).toEqual([undefined, undefined]);
});

test("a model that is slow to load holds up an inspection no longer than is allowed", async () => {
  const engine = createEngine({ processes: 1, memoryMiB: MEMORY_MIB, inspectTimeoutMs: 500 });
  const slow = HOSTILE_MODELS.find(({ name }) => name === "work for minutes while it is loaded");
  expect(await engine.inspect(slow?.bytes() ?? new Uint8Array(0))).toEqual({
    kind: "absent",
    reason: "no result within 500 ms",
  });
  await expectCanonical(engine);
  await engine.close();
});

test.runIf(memoryIsWatched)(
  "memory beside WebAssembly's is seen: an output of 900 MiB is not copied twice",
  async () => {
    const engine = createEngine({ processes: 1, memoryMiB: 1024 });
    const hostile = HOSTILE_MODELS.find(({ name }) => name.startsWith("an output of 900 MiB"));
    if (hostile === undefined) throw new Error("no such model");
    expect(await engine.run(requestOf(hostile.bytes(), 60_000))).toEqual({
      kind: "absent",
      reason: expect.stringMatching(/^engine process ended by SIGKILL: holds \d+ MiB, at most 1664 allowed$/),
    });
    await expectCanonical(engine);
    await engine.close();
  },
);
