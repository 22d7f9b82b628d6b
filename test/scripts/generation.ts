import { sha256 } from "../../chain/crypto/hash.ts";
import { DTYPES } from "../../modules/inference/tensors.ts";
import type { Engine } from "../../node/engine/engine.ts";
import { ALPHABET, PROMPT_BYTES, TEXT_BYTES } from "../../scripts/character-model/alphabet.ts";
import { SEED_BYTES } from "../../scripts/character-model/random.ts";

const uint8 = DTYPES.uint8.code;

export const SPEC = {
  inputs: [
    { name: "prompt", dtype: uint8, shape: [1, PROMPT_BYTES] },
    { name: "seed", dtype: uint8, shape: [SEED_BYTES] },
  ],
  outputs: [{ name: "text", dtype: uint8, shape: [1, TEXT_BYTES] }],
};

export const promptBytes = (prompt: string): Uint8Array => new TextEncoder().encode(prompt.padStart(PROMPT_BYTES));

export const seedOf = (n: number): Uint8Array => sha256(Uint8Array.of(n));

/** What the engine makes of a prompt and a seed. */
export async function generated(engine: Engine, model: Uint8Array, prompt: Uint8Array, seed: Uint8Array) {
  const result = await engine.run({
    modelRoot: sha256(model),
    modelBytes: async () => model,
    spec: SPEC,
    inputs: [
      { dtype: uint8, shape: [1, PROMPT_BYTES], data: prompt },
      { dtype: uint8, shape: [SEED_BYTES], data: seed },
    ],
    timeoutMs: 60_000,
    priority: "high",
  });
  if (result.kind !== "ok") throw new Error(JSON.stringify(result));
  return result.outputs[0]?.data ?? new Uint8Array(0);
}

export const asText = (data: Uint8Array): string => new TextDecoder().decode(data);

export const characterAt = (index: number): string => ALPHABET[index] ?? "";
