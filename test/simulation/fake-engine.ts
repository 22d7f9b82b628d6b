import { utf8 } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { MODEL_CLASS } from "../../modules/inference/classes.ts";
import type { ModelManifest } from "../../modules/inference/manifest.ts";
import { DTYPES, type Tensor, Tensors } from "../../modules/inference/tensors.ts";
import type { Engine } from "../../node/engine/engine.ts";
import type { Life } from "./life.ts";

/** The one model there is: two numbers in, two out. Its file is never looked at. */
export const MODEL_BYTES = utf8("a model");
export const ENGINE_ID = sha256(utf8("the simulator's engine"));

export function simulatedModel(owner: Uint8Array): ModelManifest {
  const declaration = (name: string) => ({ name: utf8(name), dtype: DTYPES.float32.code, shape: [1, 2] });
  return {
    owner,
    name: utf8("simulated"),
    version: utf8("1"),
    class: MODEL_CLASS.canonical,
    engineId: ENGINE_ID,
    inputs: [declaration("x")],
    outputs: [declaration("y")],
    opset: 17,
    modelRoot: sha256(MODEL_BYTES),
    modelBytes: MODEL_BYTES.length,
    fee: 10_000n,
    royaltyPpm: 100_000,
    licence: utf8("Apache-2.0"),
    parent: new Uint8Array(32),
    datasets: [],
    probeRoots: [],
    tier: 0,
    direct: false,
    absoluteTolerance: 0,
    relativeTolerance: 0,
    inline: true,
  };
}

/** Any eight bytes are two numbers. */
export function tensorOf(bytes: Uint8Array): Tensor {
  return { dtype: DTYPES.float32.code, shape: [1, 2], data: bytes.slice(0, 8) };
}

/** What every honest engine gives for these inputs. */
export function outputFor(inputsRoot: Uint8Array): Tensors {
  return [tensorOf(sha256(inputsRoot))];
}

/** A function of the inputs that takes a while of the machine's time. */
export function fakeEngine(life: Life, time: () => number): Pick<Engine, "id" | "run"> {
  return {
    id: ENGINE_ID,
    async run({ inputs }) {
      await life.wait(time(), "engine");
      return { kind: "ok", outputs: outputFor(Tensors.hashTreeRoot([...inputs])) };
    },
  };
}
