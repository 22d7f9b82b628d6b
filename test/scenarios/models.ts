import { readFileSync } from "node:fs";
import { join } from "node:path";
import { blobRoot } from "../../chain/blob-root.ts";
import { toHex } from "../../chain/bytes.ts";
import type { AssayClient, NewModel } from "../../client/assay-client.ts";
import { encodeInputs, type TensorInput } from "../../client/tensors.ts";
import { uploadModel } from "../../client/upload-model.ts";
import { Tensors } from "../../modules/inference/tensors.ts";
import { canonicalEngineId } from "../../node/engine/engine-id.ts";
import type { Model } from "../../proto/inference-query.ts";
import { eventually } from "./wait.ts";

const FOLDER = join(import.meta.dirname, "../fixtures/models");

/** A model of the fixtures, as it is run here: one row at a time. */
export interface FixtureModel {
  readonly name: string;
  /** Of one row. */
  readonly inputShape: readonly number[];
  readonly outputs: readonly { readonly name: string; readonly dtype: string; readonly shape: readonly number[] }[];
}

export const CNN_DIGITS: FixtureModel = {
  name: "cnn_digits",
  inputShape: [1, 1, 8, 8],
  outputs: [
    { name: "logits", dtype: "float32", shape: [1, 10] },
    { name: "prob", dtype: "float32", shape: [1, 10] },
  ],
};

/** A model that is ready to be registered. */
export interface Registration {
  readonly bytes: Uint8Array;
  /** 64 hex digits. */
  readonly root: string;
  readonly manifest: NewModel;
}

/** The opset of all of them. */
const OPSET = 20;

/** Row `index` of the inputs that come with a model. */
export function rowOf({ name, inputShape }: FixtureModel, index: number): { readonly x: TensorInput } {
  const bytes = readFileSync(join(FOLDER, `${name}.in.x.bin`));
  const length = inputShape.reduce((product, axis) => product * axis, 1);
  const data = Array.from({ length }, (_, i) => bytes.readFloatLE(4 * (index * length + i)));
  return { x: { dtype: "float32", shape: inputShape, data } };
}

/** The manifest of a model with these bytes, which need not be a model. Its one probe is row 3. */
export function manifestOf(
  model: FixtureModel,
  bytes: Uint8Array,
  { name = model.name, fee = "5000", inline = false } = {},
): Registration {
  const root = blobRoot(bytes);
  const inputs = [{ name: "x", dtype: "float32", shape: model.inputShape.map(BigInt) }];
  return {
    bytes,
    root: toHex(root),
    manifest: {
      name,
      version: "1",
      class: "canonical",
      engineId: canonicalEngineId(),
      inputs,
      outputs: model.outputs.map(({ name, dtype, shape }) => ({ name, dtype, shape: shape.map(BigInt) })),
      opset: OPSET,
      modelRoot: root,
      modelBytes: BigInt(bytes.length),
      fee,
      royaltyPpm: 0,
      licence: "Apache-2.0",
      parent: new Uint8Array(0),
      probes: [Tensors.serialize(encodeInputs(inputs, rowOf(model, 3)))],
      maxDeposit: undefined,
      inline,
      tier: 0,
      reveal: "committed",
      absoluteTolerance: 0n,
      relativeTolerance: 0n,
    },
  };
}

/** A model of the fixtures, ready to be registered. @param fee of one run, in base units. */
export function fixtureModel(model: FixtureModel, fee?: string): Registration {
  return manifestOf(
    model,
    new Uint8Array(readFileSync(join(FOLDER, `${model.name}.onnx`))),
    fee === undefined ? {} : { fee },
  );
}

/** Registers a model, hands its bytes to one node only, and waits for the validators' verdict. */
export async function register(
  client: AssayClient,
  rpc: string,
  { manifest, root, bytes }: Registration,
): Promise<Model> {
  await client.register({ ...manifest, maxDeposit: { denom: client.denom, amount: "100000000" } });
  await uploadModel(rpc, bytes);
  return eventually(`the end of the admission of ${manifest.name}`, async () => {
    const model = await client.queries.model(root);
    return model.status === "REGISTERED" ? undefined : model;
  });
}
