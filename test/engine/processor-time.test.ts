import { expect, test } from "vitest";
import { createEngine } from "../../node/engine/engine.ts";
import { processorMs } from "../../node/engine/processor-time.ts";
import { unary } from "./onnx-builder.ts";

const isLinux = process.platform === "linux";

test.runIf(isLinux)("a process that works has had the processor for longer, one that is over for no known time", () => {
  const before = processorMs(process.pid) ?? Number.NaN;
  let sum = 0;
  // Until the kernel has counted some of it.
  while ((processorMs(process.pid) ?? 0) - before < 5) for (let i = 0; i < 1e6; i++) sum += i;
  expect(sum).toBeGreaterThan(0);
  expect(processorMs(2 ** 30)).toBeUndefined();
});

test("a run is timed where that is asked for, waiting left out", async () => {
  const engine = createEngine({ processes: 1 });
  const bytes = unary("Neg");
  const spec = { inputs: [{ name: "x", dtype: 1, shape: [2] }], outputs: [{ name: "y", dtype: 1, shape: [2] }] };
  const told: number[] = [];
  const run = () =>
    engine.run({
      modelRoot: new Uint8Array(32).fill(1),
      modelBytes: () => Promise.resolve(bytes),
      spec,
      inputs: [{ dtype: 1, shape: [2], data: new Uint8Array(8) }],
      timeoutMs: 60_000,
      priority: "high",
      onTimed: (ms) => told.push(ms),
    });
  try {
    const from = performance.now();
    const results = await Promise.all([run(), run(), run()]);
    const all = performance.now() - from;
    expect(results.map(({ kind }) => kind)).toEqual(["ok", "ok", "ok"]);
    expect(told).toHaveLength(3);
    for (const ms of told) expect(ms).toBeGreaterThanOrEqual(0);
    expect(told.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(all);
  } finally {
    await engine.close();
  }
});
