import { readFileSync } from "node:fs";
import { setPriority } from "node:os";
import { InferenceSession, Tensor } from "onnxruntime-web";

/**
 * A process with nothing but onnxruntime-web in it, for engine.bench.ts to compare with: started with a model's file, the shape of its input x as
 * JSON, and runs it as often as each message says. Answers with the milliseconds of each run.
 */
setPriority(10); // As the engine's process is.
const [file = "", shape = "[]"] = process.argv.slice(2);
const session = await InferenceSession.create(readFileSync(file), {
  executionProviders: ["wasm"],
  graphOptimizationLevel: "all",
  intraOpNumThreads: 1,
});

async function run(data: Float32Array): Promise<number> {
  const start = performance.now();
  const results = await session.run({ x: new Tensor("float32", data, JSON.parse(shape) as number[]) });
  for (const tensor of Object.values(results)) {
    if (tensor.data.length === 0) throw new Error("an empty output");
    tensor.dispose();
  }
  return performance.now() - start;
}

interface Order {
  readonly runs: number;
  readonly input: readonly number[];
}

async function serve({ runs, input }: Order): Promise<void> {
  const times: number[] = [];
  for (let i = 0; i < runs; i++) times.push(await run(Float32Array.from(input)));
  process.send?.(times);
}
process.on("message", (order: Order) => void serve(order));
