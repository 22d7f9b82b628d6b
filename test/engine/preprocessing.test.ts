import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { blobRoot } from "../../chain/blob-root.ts";
import { toHex } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { DTYPES, Tensors } from "../../modules/inference/tensors.ts";
import { createEngine } from "../../node/engine/engine.ts";
import { DIGITS, withPreprocessing } from "../../scripts/preprocessing/wrap.ts";
import { CANONICAL_VECTORS } from "./canonical-vectors.ts";

const FOLDER = join(import.meta.dirname, "../fixtures/models");
const raw = Uint8Array.from(readFileSync(join(FOLDER, "cnn_digits_raw.onnx")));
const engine = createEngine();
afterAll(() => engine.close());

test("the example is what the script makes of the model", () => {
  expect(withPreprocessing(readFileSync(join(FOLDER, "cnn_digits.onnx")), DIGITS)).toEqual(raw);
  expect(() => withPreprocessing(raw, DIGITS)).toThrow("the model has no input x");
});

test("raw bytes give the outputs of the inputs that were prepared outside, to the bit", async () => {
  const published = CANONICAL_VECTORS.find(({ name }) => name === "cnn_digits")?.outputs ?? [];
  const float = (name: string) => ({ name, dtype: DTYPES.float32.code, shape: [1, 10] });
  const spec = {
    inputs: [{ name: "pixels", dtype: DTYPES.uint8.code, shape: [1, 8, 8] }],
    outputs: [float("logits"), float("prob")],
  };
  const prepared = readFileSync(join(FOLDER, "cnn_digits.in.x.bin"));
  for (let row = 0; row < 4; row++) {
    const pixels = Uint8Array.from({ length: 64 }, (_, at) => 16 * prepared.readFloatLE(4 * (64 * row + at)));
    const result = await engine.run({
      modelRoot: blobRoot(raw),
      modelBytes: () => Promise.resolve(raw),
      spec,
      inputs: Tensors.deserialize(Tensors.serialize([{ dtype: DTYPES.uint8.code, shape: [1, 8, 8], data: pixels }])),
      timeoutMs: 20_000,
      priority: "high",
    });
    if (result.kind !== "ok") throw new Error(JSON.stringify(result));
    expect(result.outputs.map(({ data }) => toHex(sha256(data)))).toEqual(published.map(({ rows }) => rows[row]));
  }
});
