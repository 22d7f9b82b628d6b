import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { seeded } from "../consensus/simulation.ts";
import { keepInput, readCorpus } from "./corpus.ts";
import { startCoverage } from "./coverage.ts";
import { fuzz, shrink } from "./fuzzer.ts";
import { ensure, type FuzzTarget } from "./target.ts";
import { TARGETS } from "./targets/all.ts";

/** For each target, besides its seeds and its corpus; `npm run fuzz` goes on for as long as asked. */
const RUNS = 1200;

describe("no input breaks the decoder of", () => {
  test.each(TARGETS.map((target) => [target.name, target] as const))("%s", async (_, target) => {
    const isOver = (runs: number): boolean => runs >= RUNS;
    const { runs, finding } = await fuzz({ target, corpus: readCorpus(target), random: seeded(1), isOver });
    if (finding !== undefined) {
      const input = Buffer.from(await shrink(target, finding)).toString("hex");
      throw new Error(`broken by ${input}`, { cause: finding.error });
    }
    expect(runs).toBeGreaterThanOrEqual(RUNS);
  });

  test("each target once", () => {
    expect(new Set(TARGETS.map(({ name }) => name)).size).toBe(TARGETS.length);
  });
});

describe("the fuzzer", () => {
  const over = (most: number) => (runs: number) => runs >= most;
  const target = (run: FuzzTarget["run"], ...seeds: Uint8Array[]): FuzzTarget => ({
    name: "planted",
    maxBytes: 64,
    seeds: () => seeds,
    run,
  });

  test("finds a length that is believed, and shows it at its shortest", async () => {
    const believes = target(
      (bytes) => {
        const [length = 0] = bytes;
        ensure(length <= bytes.length || length < 250, "reads beyond the end");
      },
      Uint8Array.of(3, 1, 2, 3),
    );
    const { finding } = await fuzz({ target: believes, corpus: [], random: seeded(7), isOver: over(5000) });
    expect(finding).toBeDefined();
    if (finding !== undefined) expect(await shrink(believes, finding)).toHaveLength(1);
  });

  test("finds what lies behind one condition after another by coverage, and not without it", async () => {
    const nested = target((bytes) => {
      const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = bytes;
      if (a < 240) return;
      if (b > 15) return;
      if (c < 240) return;
      if (d > 15 || d === 0) return;
      if (e < 240) return;
      if (f < 240) return;
      throw new TypeError("behind six conditions");
    }, new Uint8Array(6).fill(100));
    const coverage = startCoverage(/test\/fuzz\/fuzz\.test\.ts/);
    try {
      const options = { target: nested, corpus: [], random: seeded(3), isOver: over(30_000) };
      const guided = await fuzz({ ...options, coverage });
      expect(guided.finding?.error).toBeInstanceOf(TypeError);
      const blind = await fuzz({ ...options, random: seeded(3) });
      expect(blind.finding).toBeUndefined();
    } finally {
      coverage.stop();
    }
  });

  test("repeats itself with the same seed", async () => {
    const inputs = async (seed: number): Promise<string[]> => {
      const seen: string[] = [];
      const spy = target((bytes) => void seen.push(Buffer.from(bytes).toString("hex")), Uint8Array.of(1, 2, 3, 4));
      await fuzz({ target: spy, corpus: [], random: seeded(seed), isOver: over(200) });
      return seen;
    };
    expect(await inputs(5)).toEqual(await inputs(5));
    expect(await inputs(5)).not.toEqual(await inputs(6));
  });

  test("saves an input that never comes back", async () => {
    const root = mkdtempSync(join(tmpdir(), "assay-corpus-"));
    const stuck = `import { startWatchdog } from ${JSON.stringify(join(import.meta.dirname, "watchdog.ts"))};
      const watchdog = startWatchdog(${JSON.stringify(join(root, "stuck.txt"))}, 64, 100);
      await new Promise((resolve) => setTimeout(resolve, 300));
      watchdog.watch(Uint8Array.of(7, 8, 9));
      for (;;);`;
    try {
      writeFileSync(join(root, "stuck.mjs"), stuck);
      const child = spawn(process.execPath, [join(root, "stuck.mjs")], { stdio: "ignore" });
      const signal = await new Promise((resolve) => child.once("exit", (_, name) => resolve(name)));
      expect([signal, readCorpus({ name: "stuck" }, root)]).toEqual(["SIGKILL", [Uint8Array.of(7, 8, 9)]]);
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  test("keeps inputs by target, and reads them again", () => {
    const root = mkdtempSync(join(tmpdir(), "assay-corpus-"));
    try {
      expect(readCorpus({ name: "a" }, root)).toEqual([]);
      keepInput({ name: "a" }, Uint8Array.of(1, 255), root);
      keepInput({ name: "b" }, Uint8Array.of(2), root);
      keepInput({ name: "a" }, new Uint8Array(0), root);
      expect(readCorpus({ name: "a" }, root)).toEqual([Uint8Array.of(1, 255), new Uint8Array(0)]);
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});
