import { blobRoot } from "../../../chain/blob-root.ts";
import { toHex, utf8 } from "../../../chain/bytes.ts";
import { encodeInputs, type TensorInput } from "../../../client/tensors.ts";
import { MODEL_CLASS, type ModelClassName } from "../../../modules/inference/classes.ts";
import { MAX_PROBES } from "../../../modules/inference/manifest.ts";
import { manifestProblem } from "../../../modules/inference/manifest-check.ts";
import { dtypeName } from "../../../modules/inference/tensor-check.ts";
import { Tensors } from "../../../modules/inference/tensors.ts";
import { declarationFault } from "../../engine/checked-engine.ts";
import type { TensorSpec } from "../../engine/model-spec.ts";
import { checkModel } from "../../engine/onnx-check.ts";
import { UserError } from "../../user-error.ts";
import { readJsonFile } from "../client.ts";
import { type ModelFile, readModelBytes } from "../model-file.ts";
import { engineOf, requireClass } from "./class-check.ts";
import { inputShapes, parseShapes } from "./shapes.ts";
import { openTrial, outputSpecs, tryGenerated, tryProbes } from "./trial.ts";

/** What a person says of a model file; the rest is inferred. */
export interface Said {
  readonly name: string;
  readonly version: string;
  /** Of one run, base units. */
  readonly fee: string;
  readonly royaltyPpm: number;
  readonly licence: string;
  readonly inline: boolean;
  readonly tier: number;
  readonly reveal: "committed" | "direct";
  readonly class: ModelClassName;
  /** Of the class tolerance, in units of 10^-9. */
  readonly absoluteTolerance: number;
  readonly relativeTolerance: number;
  /** `--shape` options. */
  readonly shapes: readonly string[];
  /** JSON files of inputs by name, each a probe or a list of them. None: they are generated. */
  readonly probeFiles: readonly string[];
}

type Probe = Readonly<Record<string, TensorInput>>;

function isTensor(value: unknown): value is TensorInput {
  if (typeof value !== "object" || value === null) return false;
  const { dtype, shape, data } = value as Partial<Record<keyof TensorInput, unknown>>;
  return typeof dtype === "string" && Array.isArray(shape) && shape.every(Number.isSafeInteger) && Array.isArray(data);
}

function isProbe(value: unknown): value is Probe {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.values(value).every(isTensor);
}

function readProbes(paths: readonly string[]): readonly Probe[] {
  const probes = paths.flatMap((path) => {
    const json = readJsonFile(path);
    const list: readonly unknown[] = Array.isArray(json) ? json : [json];
    return list.map((probe) => {
      if (isProbe(probe)) return probe;
      throw new UserError(`${path} must hold inputs by name: {"x":{"dtype":"float32","shape":[1,2],"data":[1,2]}}`);
    });
  });
  if (probes.length <= MAX_PROBES) return probes;
  throw new UserError(`${probes.length} probes, at most ${MAX_PROBES} are possible`);
}

function declared(specs: readonly TensorSpec[]) {
  return specs.map(({ name, dtype, shape }) => ({ name, dtype: dtypeName(dtype), shape: shape.map(BigInt) }));
}

function encode(inputs: readonly TensorSpec[], probe: Probe, index: number): Tensors {
  try {
    return encodeInputs(declared(inputs), probe);
  } catch (error) {
    throw new UserError(`probe ${index}: ${(error as Error).message}`, { cause: error });
  }
}

/** What the chain would refuse of the manifest, whatever its parameters. */
function checkManifest(
  said: Said,
  opset: number,
  bytes: Uint8Array,
  inputs: readonly TensorSpec[],
  outputs: readonly TensorSpec[],
): void {
  const specs = (list: readonly TensorSpec[]) =>
    list.map(({ name, dtype, shape }) => ({ name: utf8(name), dtype, shape: [...shape] }));
  const problem = manifestProblem({
    owner: new Uint8Array(20),
    name: utf8(said.name),
    version: utf8(said.version),
    class: MODEL_CLASS[said.class],
    engineId: engineOf(said.class),
    inputs: specs(inputs),
    outputs: specs(outputs),
    opset,
    modelRoot: new Uint8Array(32),
    modelBytes: bytes.length,
    fee: BigInt(said.fee),
    royaltyPpm: said.royaltyPpm,
    licence: utf8(said.licence),
    parent: new Uint8Array(32),
    datasets: [],
    probeRoots: [],
    tier: said.tier,
    direct: said.reveal === "direct",
    inline: said.inline,
    absoluteTolerance: said.absoluteTolerance,
    relativeTolerance: said.relativeTolerance,
  });
  if (problem !== undefined) throw new UserError(`the chain would refuse this model: ${problem}`);
}

/**
 * Makes a registration out of an ONNX file: inputs, outputs and operator set from its graph, probes from its root unless files have some. All
 * probes are run here first, in an engine that validators use.
 * @throws UserError for a file that the chain would not run, and for whatever it would refuse.
 */
export async function prepareModel(path: string, said: Said): Promise<ModelFile> {
  const shapes = parseShapes(said.shapes);
  const given = readProbes(said.probeFiles);
  const { bytes, opset } = readModelBytes(path);
  const fault = declarationFault(checkModel(bytes), { opset, inline: said.inline });
  if (fault !== undefined) throw new UserError(`${path}: ${fault}`);
  requireClass(path, bytes, said.class);
  const modelRoot = blobRoot(bytes);
  const trial = openTrial(path, modelRoot, bytes, said.class);
  try {
    const found = await trial.inspect();
    const names = found.outputs.map(({ name }) => name);
    const [example] = given;
    const exampleShape = (name: string) =>
      example !== undefined && Object.hasOwn(example, name) ? example[name]?.shape : undefined;
    const inputs = inputShapes(bytes, found.inputs, names, shapes, exampleShape);
    const open = outputSpecs(found.outputs, shapes);
    // Before anything of these sizes is made. What only a run tells is taken for 1.
    const least = open.map((spec) => ({ ...spec, shape: spec.shape.map((length) => Math.max(1, length)) }));
    checkManifest(said, opset, bytes, inputs, least);
    const { probes, outputs } =
      given.length === 0
        ? await tryGenerated(trial, modelRoot, inputs, open)
        : await tryProbes(
            trial,
            inputs,
            open,
            given.map((probe, index) => encode(inputs, probe, index)),
          );
    checkManifest(said, opset, bytes, inputs, outputs);
    return {
      bytes,
      root: toHex(modelRoot),
      manifest: {
        name: said.name,
        version: said.version,
        class: said.class,
        engineId: engineOf(said.class),
        inputs: declared(inputs),
        outputs: declared(outputs),
        opset,
        modelRoot,
        modelBytes: BigInt(bytes.length),
        fee: said.fee,
        royaltyPpm: said.royaltyPpm,
        licence: said.licence,
        parent: new Uint8Array(0),
        probes: probes.map((probe) => Tensors.serialize([...probe])),
        maxDeposit: undefined,
        inline: said.inline,
        tier: said.tier,
        reveal: said.reveal,
        absoluteTolerance: BigInt(said.absoluteTolerance),
        relativeTolerance: BigInt(said.relativeTolerance),
      },
    };
  } finally {
    await trial.close();
  }
}
