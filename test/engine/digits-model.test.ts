import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { toHex } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { DTYPES, Tensors } from "../../modules/inference/tensors.ts";
import { readModelFile } from "../../node/cli/model-file.ts";
import { createEngine } from "../../node/engine/engine.ts";
import { ANY_LENGTH, type TensorSpec } from "../../node/engine/model-spec.ts";

const { bytes, manifest } = readModelFile(join(import.meta.dirname, "../../genesis/models/cnn_digits.json"));
const toSpecs = (tensors: typeof manifest.inputs): TensorSpec[] =>
  tensors.map(({ name, shape }) => ({ name, dtype: DTYPES.float32.code, shape: shape.map(Number) }));
const spec = { inputs: toSpecs(manifest.inputs), outputs: toSpecs(manifest.outputs) };
const engine = createEngine();
afterAll(() => engine.close());

test("the manifest of the local network's model is that of its file", async () => {
  const inspection = await engine.inspect(bytes);
  if (inspection.kind !== "ok") throw new Error(inspection.reason);
  expect(inspection.opset).toBe(manifest.opset);
  const batched = (specs: readonly TensorSpec[]): TensorSpec[] =>
    specs.map((tensor) => ({ ...tensor, shape: [ANY_LENGTH, ...tensor.shape.slice(1)] }));
  expect(inspection.inputs).toEqual(batched(spec.inputs));
  expect(inspection.outputs).toEqual(batched(spec.outputs));
});

test("its probes run; the first gives the published bytes, and denormals are no error", async () => {
  const hashes: string[] = [];
  for (const probe of manifest.probes) {
    const result = await engine.run({
      modelRoot: manifest.modelRoot,
      modelBytes: async () => bytes,
      spec,
      inputs: Tensors.deserialize(probe),
      timeoutMs: 20_000,
      priority: "high",
    });
    if (result.kind !== "ok") throw new Error(JSON.stringify(result));
    hashes.push(toHex(sha256(result.outputs[0]?.data ?? new Uint8Array(0))));
  }
  expect(hashes).toHaveLength(3);
  expect(hashes[0]).toBe("9606a550c0aa77e85cf81b08c02b7139c63599f34496c8e75c400dd6fa3b3a77");
});
