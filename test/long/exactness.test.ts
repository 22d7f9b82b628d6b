import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { exactness } from "../../node/engine/exactness/exactness.ts";
import { compare, samples } from "../engine/exactness/agreement.ts";
import { runIn } from "../engine/exactness/engines.ts";
import { WHOLE, WHOLE_CONSTANTS } from "../engine/exactness/graphs.ts";
import { ahead } from "../engine/exactness/whole-front.ts";

const SEEDS = [11, 12, 13, 14, 15, 16, 17, 18];
const GRAPHS = 500;

test.each(SEEDS)("accepted random graphs give equal bytes natively and in WebAssembly, seed %i", async (seed) => {
  const { compared, different } = await compare(samples(seed, GRAPHS).filter(({ accepted }) => accepted));
  expect(different).toEqual([]);
  expect(compared).toBeGreaterThan(GRAPHS);
});

/** A checker that refuses everything would pass the test above; one whose refusals are idle would be too strict. */
test("among the refused there are some that differ", async () => {
  const { different } = await compare(samples(1, GRAPHS).filter(({ accepted }) => !accepted));
  expect(different.length).toBeGreaterThan(0);
});

const FIXTURES = join(import.meta.dirname, "../fixtures/models");
const load = (file: string): Uint8Array => new Uint8Array(readFileSync(join(FIXTURES, file)));

test.each([
  ["cnn_qop_u8u8", [16, 1, 8, 8]],
  ["exact_f32_cnn", [16, 1, 8, 8]],
  ["gb_diabetes", [-1, 10]],
  ["rf_cancer", [-1, 30]],
] as const)("the fixture %s gives equal bytes", async (name, shape) => {
  const own = load(`${name}.onnx`);
  const model = name === "exact_f32_cnn" ? ahead(own, WHOLE, WHOLE_CONSTANTS) : own;
  expect(exactness(model).exact).toBe(true);
  const data = load(`${name}.in.x.bin`);
  const known = shape.reduce<number>((product, length) => product * Math.abs(length), 1);
  const lengths = shape.map((length) => (length < 0 ? data.length / 4 / known : length));
  const run = {
    model: Buffer.from(model).toString("base64"),
    inputs: [{ name: "x", type: "float32", shape: lengths, data: Buffer.from(data).toString("base64") }],
  } as const;
  const [native, wasm] = [await runIn("native", [run]), await runIn("wasm", [run])];
  expect(native).toEqual(wasm);
  expect(Object.keys(native[0] ?? {})).not.toContain("error");
});
