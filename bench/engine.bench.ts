import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../chain/crypto/hash.ts";
import { createEngine } from "../node/engine/engine.ts";
import { quantile, type Row, report } from "./report.ts";

/**
 * What the engine's process, queue and pipes cost over a bare onnxruntime-web loop in a process of its own. Both take turns, so that
 * whatever else the machine does meets both.
 */
const MODELS = join(import.meta.dirname, "../test/fixtures/models");
const TURNS = 12;
const TURN_MS = 400;

/** A batch makes a small model a slow one. */
const CASES = [
  {
    name: "cnn_digits",
    shape: [1, 1, 8, 8],
    outputs: [
      { name: "logits", dtype: 1, shape: [1, 10] },
      { name: "prob", dtype: 1, shape: [1, 10] },
    ],
  },
  {
    name: "cnn_digits",
    shape: [96, 1, 8, 8],
    outputs: [
      { name: "logits", dtype: 1, shape: [96, 10] },
      { name: "prob", dtype: 1, shape: [96, 10] },
    ],
  },
  {
    name: "cnn_digits",
    shape: [512, 1, 8, 8],
    outputs: [
      { name: "logits", dtype: 1, shape: [512, 10] },
      { name: "prob", dtype: 1, shape: [512, 10] },
    ],
  },
] as const;

const engine = createEngine({ processes: 1 });
const rows: Row[] = [];
try {
  for (const { name, shape, outputs } of CASES) {
    const file = join(MODELS, `${name}.onnx`);
    const model = new Uint8Array(readFileSync(file));
    const modelRoot = sha256(model);
    const input = Array.from(
      { length: shape.reduce<number>((product, length) => product * length, 1) },
      (_, i) => (i % 17) / 16,
    );
    const data = new Uint8Array(Float32Array.from(input).buffer);
    const bare = fork(join(import.meta.dirname, "bare-engine.ts"), [file, JSON.stringify(shape)], {
      serialization: "advanced",
    });

    const inEngine = async (runs: number): Promise<number[]> => {
      const times: number[] = [];
      for (let i = 0; i < runs; i++) {
        const start = performance.now();
        const result = await engine.run({
          modelRoot,
          modelBytes: async () => model,
          spec: { inputs: [{ name: "x", dtype: 1, shape }], outputs },
          inputs: [{ dtype: 1, shape: [...shape], data }],
          timeoutMs: 60_000,
          priority: "high",
        });
        if (result.kind !== "ok") throw new Error(JSON.stringify(result));
        times.push(performance.now() - start);
      }
      return times;
    };
    const inBare = async (runs: number): Promise<number[]> => {
      bare.send({ runs, input });
      const [times] = (await once(bare, "message")) as [number[]];
      return times;
    };

    const warm = quantile(await inBare(50), 0.5);
    await inEngine(50);
    const runs = Math.max(5, Math.round(TURN_MS / warm));
    const times: { bare: number[]; engine: number[] } = { bare: [], engine: [] };
    for (let turn = 0; turn < TURNS; turn++) {
      times.bare.push(...(await inBare(runs)));
      times.engine.push(...(await inEngine(runs)));
    }
    bare.kill();
    const [least, most] = [quantile(times.bare, 0.5), quantile(times.engine, 0.5)];
    const what = `${name}, batch ${shape[0]}`;
    rows.push(
      { name: `${what}: bare loop, p50`, value: least, unit: "ms" },
      { name: `${what}: engine, p50`, value: most, unit: "ms" },
      { name: `${what}: overhead`, value: 100 * (most / least - 1), unit: "%", ...(least < 5 ? {} : { aim: "≤ 15" }) },
    );
  }
  report("engine", rows);
} finally {
  await engine.close();
}
