import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { toHex } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { Tensors } from "../../modules/inference/tensors.ts";
import { readModelFile } from "../../node/cli/model-file.ts";
import { createEngine, type Engine } from "../../node/engine/engine.ts";
import { checkModel } from "../../node/engine/onnx-check.ts";
import { varyingOperator } from "../../node/engine/onnx-operators.ts";
import { TEXT_BYTES } from "../../scripts/character-model/alphabet.ts";
import { asText, generated, promptBytes, SPEC, seedOf } from "../scripts/generation.ts";

const MODELS = join(import.meta.dirname, "../fixtures/models");
const load = (file: string): Uint8Array => new Uint8Array(readFileSync(join(MODELS, file)));

const model = load("character_gru.onnx");
const prompt = load("character_gru.in.prompt.bin");
const seed = load("character_gru.in.seed.bin");
const { models } = JSON.parse(readFileSync(join(MODELS, "manifest.json"), "utf8"));
const recorded = models.character_gru;

async function withEngine<T>(use: (engine: Engine) => Promise<T>): Promise<T> {
  const engine = createEngine({ processes: 1 });
  try {
    return await use(engine);
  } finally {
    await engine.close();
  }
}

test("the file is the recorded one, small, and fit for both lanes", () => {
  expect(toHex(sha256(model))).toBe(recorded.sha256);
  expect(model.length).toBe(recorded.bytes);
  expect(model.length).toBeLessThan(500_000);
  const check = checkModel(model);
  if (!check.ok) throw new Error(check.reason);
  expect(check.opset).toBeGreaterThanOrEqual(17);
  expect({ inputs: check.inputs, outputs: check.outputs }).toEqual(SPEC);
  expect(varyingOperator(check.operators)).toBeUndefined();
});

test("its text is the recorded one, twice in one process and again in a fresh one; a changed seed or prompt gives another", async () => {
  const first = await withEngine(async (engine) => {
    const text = await generated(engine, model, prompt, seed);
    expect(await generated(engine, model, prompt, seed)).toEqual(text);
    const other = Uint8Array.from(seed);
    other[31] = (other[31] ?? 0) ^ 1;
    expect(await generated(engine, model, prompt, other)).not.toEqual(text);
    expect(await generated(engine, model, promptBytes("another prompt"), seed)).not.toEqual(text);
    const texts = new Set<string>();
    for (let n = 0; n < 8; n++) texts.add(asText(await generated(engine, model, prompt, seedOf(n))));
    expect(texts.size).toBe(8);
    return text;
  });
  expect(first).toHaveLength(TEXT_BYTES);
  expect(toHex(sha256(first))).toBe(recorded.outputs.text.canonicalSha256);
  expect(asText(first)).toBe(recorded.text);
  expect(await withEngine((engine) => generated(engine, model, prompt, seed))).toEqual(first);
});

test("capitals and what the alphabet lacks are put right inside the graph", async () => {
  await withEngine(async (engine) => {
    const plain = await generated(engine, model, promptBytes("the chain "), seed);
    expect(await generated(engine, model, promptBytes("THE CHAIN7"), seed)).toEqual(plain);
  });
});

test("its registration file is that of its bytes, and its probes run", async () => {
  const { bytes, manifest } = readModelFile(join(MODELS, "character_gru.json"));
  expect(bytes).toEqual(model);
  expect(manifest.probes).toHaveLength(3);
  await withEngine(async (engine) => {
    for (const probe of manifest.probes) {
      const [text, start] = Tensors.deserialize(probe);
      expect(await generated(engine, model, text?.data ?? prompt, start?.data ?? seed)).toHaveLength(TEXT_BYTES);
    }
  });
});
