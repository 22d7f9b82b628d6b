import { afterAll, expect, test } from "vitest";
import { createEngine } from "../../node/engine/engine.ts";
import { checkModel } from "../../node/engine/onnx-check.ts";
import { varyingOperator } from "../../node/engine/onnx-operators.ts";
import { ALPHABET, TEXT_BYTES } from "../../scripts/character-model/alphabet.ts";
import { generationModel } from "../../scripts/character-model/graph.ts";
import { emptyWeights } from "../../scripts/character-model/gru.ts";
import { SEED_BYTES, uniforms } from "../../scripts/character-model/random.ts";
import { asText, characterAt, generated, promptBytes, SPEC, seedOf } from "./generation.ts";

const engine = createEngine({ processes: 1 });
afterAll(() => engine.close());

const fair = generationModel(emptyWeights(4, ALPHABET.length));

/** What a model without preferences writes: each drawn number picks its share of the alphabet. */
const drawn = (seed: Uint8Array): string =>
  uniforms(seed, TEXT_BYTES)
    .map((u) => characterAt(Math.floor(u * ALPHABET.length)))
    .join("");

test("the graph passes the chain's check, for both lanes", () => {
  const check = checkModel(fair);
  if (!check.ok) throw new Error(check.reason);
  expect(check.opset).toBe(17);
  expect(check.inputs).toEqual(SPEC.inputs);
  expect(check.outputs).toEqual(SPEC.outputs);
  expect(varyingOperator(check.operators)).toBeUndefined();
});

test.each([
  ["a hash", seedOf(1)],
  ["another hash", seedOf(2)],
  ["all zero", new Uint8Array(SEED_BYTES)],
  ["all ones", new Uint8Array(SEED_BYTES).fill(255)],
])("the graph draws the generator's numbers: %s", async (_, seed) => {
  expect(asText(await generated(engine, fair, promptBytes("x"), seed))).toBe(drawn(seed));
});

test("each byte of a seed counts", () => {
  const base = uniforms(seedOf(1), 8);
  for (let i = 0; i < SEED_BYTES; i++) {
    const seed = seedOf(1);
    seed[i] = (seed[i] ?? 0) ^ 1;
    expect(uniforms(seed, 8), `byte ${i}`).not.toEqual(base);
  }
});

test("the numbers are spread evenly, and are exact in 32 bits", () => {
  const shares = new Array<number>(10).fill(0);
  for (let n = 0; n < 100; n++) {
    for (const u of uniforms(seedOf(n), 100)) {
      expect(u).toBe(Math.fround(u));
      shares[Math.floor(u * 10)] = (shares[Math.floor(u * 10)] ?? 0) + 1;
    }
  }
  // 1,000 expected in each; six standard deviations.
  for (const share of shares) expect(Math.abs(share - 1000)).toBeLessThan(180);
});
