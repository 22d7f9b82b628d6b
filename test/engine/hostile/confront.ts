import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { toHex } from "../../../chain/bytes.ts";
import { sha256 } from "../../../chain/crypto/hash.ts";
import type { Engine } from "../../../node/engine/engine.ts";
import { checkModel } from "../../../node/engine/onnx-check.ts";
import { CANONICAL_VECTORS } from "../canonical-vectors.ts";
import { type HostileModel, requestOf } from "./hostile-model.ts";

const MODELS = join(import.meta.dirname, "../../fixtures/models");
const load = (file: string): Uint8Array => new Uint8Array(readFileSync(join(MODELS, file)));
const digits = load("cnn_digits.onnx");
const image = load("cnn_digits.in.x.bin").slice(0, 256);
const [vector] = CANONICAL_VECTORS;

/** Wasm memory of the engine that meets them, MiB: enough for any of our own models, and greed is cheap. */
export const MEMORY_MIB = 128;

/** The engine still answers the first row of digits with the published bytes. */
export async function expectCanonical(engine: Engine): Promise<void> {
  const result = await engine.run({
    modelRoot: sha256(digits),
    modelBytes: async () => digits,
    spec: { inputs: [{ name: "x", dtype: 1, shape: vector.rowShape }], outputs: vector.outputs },
    inputs: [{ dtype: 1, shape: [...vector.rowShape], data: image }],
    timeoutMs: 20_000,
    priority: "high",
  });
  const hashes = result.kind === "ok" ? result.outputs.map(({ data }) => toHex(sha256(data))) : result;
  expect(hashes).toEqual(vector.outputs.map(({ rows }) => rows[0]));
}

/** For what comes to an end, on a machine that has other things to do. */
const PATIENCE_MS = 30_000;

/**
 * Shows a file to the static check, and then, as if that had let it pass, to the engine; which must work afterwards.
 * @param cutMs time given to what is not expected to end, or not without running out of memory.
 */
export async function confront(engine: Engine, hostile: HostileModel, cutMs: number): Promise<void> {
  const bytes = hostile.bytes();
  const verdict = checkModel(bytes);
  if (hostile.check === undefined) expect(verdict).toMatchObject({ ok: true });
  else expect(verdict).toMatchObject({ ok: false, reason: expect.stringMatching(hostile.check) });
  const result = await engine.run(requestOf(bytes, hostile.engine === "absent" ? cutMs : PATIENCE_MS));
  expect({ kind: result.kind, result }).toMatchObject({ kind: hostile.engine });
  await expectCanonical(engine);
}
