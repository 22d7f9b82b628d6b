import { fromUtf8, utf8 } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { Uint32, Uint64 } from "../../chain/types/primitives.ts";
import type { TensorDeclaration } from "./manifest.ts";
import { dataBytes } from "./tensor-check.ts";
import { DTYPES, Tensors } from "./tensors.ts";

/** Browser-safe: whoever knows the beacon can compute a run's inputs again. */

const DOMAIN_SEED = utf8("assay schedule seed");
/** More randomness than a model can want, and few enough hashes. */
const MAX_SEED_BYTES = 1024;

/** Which input the seed takes the place of, counted from 1; 0 for none. */
export function seedPlace(inputs: readonly TensorDeclaration[], name: string): number {
  return name === "" ? 0 : inputs.findIndex((input) => fromUtf8(input.name) === name) + 1;
}

/** Why an input can't be a seed. Bytes alone are as good as any others; of other types some values would be none. */
export function seedProblem(inputs: readonly TensorDeclaration[], name: string): string | undefined {
  if (name === "") return undefined;
  const input = inputs[seedPlace(inputs, name) - 1];
  if (input === undefined) return `the model has no input "${name.slice(0, 80)}" for the seed`;
  const bytes = dataBytes(input);
  if (input.dtype === DTYPES.uint8.code && bytes <= MAX_SEED_BYTES) return undefined;
  return `input "${name.slice(0, 80)}" is no seed: it must be uint8, of at most ${MAX_SEED_BYTES} bytes`;
}

/** `length` bytes out of a block's beacon, others for each run of each schedule. */
export function scheduleSeed(beacon: Uint8Array, schedule: number, run: number, length: number): Uint8Array {
  const seed = new Uint8Array(length);
  const origin = sha256(DOMAIN_SEED, beacon, Uint64.serialize(schedule), Uint32.serialize(run));
  for (let at = 0; at < length; at += 32) {
    seed.set(sha256(origin, Uint32.serialize(at / 32)).subarray(0, Math.min(32, length - at)), at);
  }
  return seed;
}

/**
 * The inputs of a run: those of the schedule, with the seed in its place.
 * @param inputs serialised SSZ Tensors.
 * @param place `seedPlace`
 */
export function runInputs(
  inputs: Uint8Array,
  place: number,
  seed: (length: number) => Uint8Array,
): { readonly inputs: Uint8Array; readonly inputsRoot: Uint8Array } {
  const tensors = Tensors.deserialize(inputs).map((tensor, index) =>
    index === place - 1 ? { ...tensor, data: seed(tensor.data.length) } : tensor,
  );
  return { inputs: Tensors.serialize(tensors), inputsRoot: Tensors.hashTreeRoot(tensors) };
}
