import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { blobRoot } from "../../chain/blob-root.ts";
import { toHex } from "../../chain/bytes.ts";
import type { NewModel } from "../../client/assay-client.ts";
import { encodeInputs, type TensorInput } from "../../client/tensors.ts";
import { MODEL_CLASS_NAMES, type ModelClassName } from "../../modules/inference/classes.ts";
import { MAX_TIERS } from "../../modules/inference/manifest.ts";
import { Tensors } from "../../modules/inference/tensors.ts";
import type { TensorSpec } from "../../proto/inference.ts";
import { checkModel } from "../engine/onnx-check.ts";
import { systemErrorCode, UserError } from "../user-error.ts";
import { readJsonFile } from "./client.ts";
import { engineOf, isModelClass, isTolerance, requireClass, toleranceUnits } from "./register/class-check.ts";

/** A model that is ready to be registered. */
export interface ModelFile {
  readonly bytes: Uint8Array;
  /** 64 hex digits. */
  readonly root: string;
  readonly manifest: NewModel;
}

/** What a node takes over HTTP. */
const MAX_MODEL_BYTES = 64 * 1024 * 1024;

type Json = Readonly<Record<string, unknown>>;

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isDeclaration(value: unknown): value is { name: string; dtype: string; shape: number[] } {
  if (typeof value !== "object" || value === null) return false;
  const { name, dtype, shape } = value as Json;
  const lengths = Array.isArray(shape) && shape.every((length) => Number.isSafeInteger(length) && length >= 0);
  return isText(name) && isText(dtype) && lengths;
}

const isList = (value: unknown, is: (item: unknown) => boolean): boolean => Array.isArray(value) && value.every(is);

/** A manifest file, what its author says of a model: each field, what it must be, and whether a value is that. `file` stands beside it. */
const FIELDS: Readonly<Record<string, readonly [rule: string, is: (value: unknown) => boolean]>> = {
  name: ["a text", isText],
  version: ["a text", isText],
  file: ["the name of an ONNX file", isText],
  inputs: ["a list of {name, dtype, shape}", (value) => isList(value, isDeclaration)],
  outputs: ["a list of {name, dtype, shape}", (value) => isList(value, isDeclaration)],
  fee: ['the fee of a run in base units, such as "5000"', (value) => isText(value) && /^[0-9]{1,30}$/.test(value)],
  royaltyPpm: ["a whole number of parts per million", (value) => Number.isSafeInteger(value) && Number(value) >= 0],
  licence: ["a text", isText],
  probes: [
    "a list of inputs by name",
    (value) => isList(value, (probe) => typeof probe === "object" && probe !== null && !Array.isArray(probe)),
  ],
};

/** May be left out: `inline` is then false, `tier` 0, `reveal` committed, `class` canonical. */
const OPTIONAL: typeof FIELDS = {
  class: [`one of ${MODEL_CLASS_NAMES.join(", ")}`, isModelClass],
  absoluteTolerance: ['a decimal such as "0.001"', isTolerance],
  relativeTolerance: ['a decimal such as "0.001"', isTolerance],
  inline: ["true or false", (value) => typeof value === "boolean"],
  reveal: ["committed or direct", (value) => value === "committed" || value === "direct"],
  tier: ["a whole number", (value) => Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) < MAX_TIERS],
};

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly file: string;
  readonly inputs: readonly { readonly name: string; readonly dtype: string; readonly shape: readonly number[] }[];
  readonly outputs: Manifest["inputs"];
  readonly fee: string;
  readonly royaltyPpm: number;
  readonly licence: string;
  /** Asks for a place among the models that run while a block is executed. */
  readonly inline?: boolean;
  /** The class of machines that it needs; 0 where it does not say. */
  readonly tier?: number;
  /** `committed` where it does not say. */
  readonly reveal?: "committed" | "direct";
  /** `canonical` where it does not say. */
  readonly class?: ModelClassName;
  /** Of the class tolerance: decimals. */
  readonly absoluteTolerance?: string;
  readonly relativeTolerance?: string;
  /** Inputs that every validator must run before the model is admitted. */
  readonly probes: readonly Readonly<Record<string, TensorInput>>[];
}

function readManifest(path: string): Manifest {
  const json = readJsonFile(path);
  if (typeof json !== "object" || json === null) throw new UserError(`${path} must hold a JSON object`);
  for (const field of Object.keys(json)) {
    if (!Object.hasOwn(FIELDS, field) && !Object.hasOwn(OPTIONAL, field))
      throw new UserError(`${path}: there is no field ${field}`);
  }
  for (const [field, [rule, is]] of Object.entries(FIELDS)) {
    if (!Object.hasOwn(json, field)) throw new UserError(`${path}: ${field} is missing`);
    if (!is((json as Json)[field])) throw new UserError(`${path}: ${field} must be ${rule}`);
  }
  for (const [field, [rule, is]] of Object.entries(OPTIONAL)) {
    if (Object.hasOwn(json, field) && !is((json as Json)[field]))
      throw new UserError(`${path}: ${field} must be ${rule}`);
  }
  return json as Manifest;
}

/** @throws UserError for a file that can't be read or has more than 64 MiB. */
export function readBytes(path: string): Uint8Array {
  try {
    const { size } = statSync(path);
    if (size > MAX_MODEL_BYTES) throw new UserError(`${path} has ${size} bytes, at most ${MAX_MODEL_BYTES} are taken`);
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path} can't be read (${systemErrorCode(error) ?? String(error)})`, { cause: error });
  }
}

/** The bytes of a model that the chain would run. @throws UserError for any other file. */
export function readModelBytes(path: string): { readonly bytes: Uint8Array; readonly opset: number } {
  const bytes = readBytes(path);
  const check = checkModel(bytes);
  if (!check.ok) throw new UserError(`${path} is no model that the chain runs: ${check.reason}`);
  return { bytes, opset: check.opset };
}

function specs(declarations: Manifest["inputs"]): TensorSpec[] {
  return declarations.map(({ name, dtype, shape }) => ({ name, dtype, shape: shape.map(BigInt) }));
}

/**
 * Reads a manifest file with the model beside it.
 * @throws UserError for files that can't be read, a field that is not as it should be, a model that the chain would not run, and probes
 * that do not fit the inputs.
 */
export function readModelFile(path: string): ModelFile {
  const manifest = readManifest(path);
  const file = join(dirname(path), manifest.file);
  const { bytes, opset } = readModelBytes(file);
  const modelClass = manifest.class ?? "canonical";
  requireClass(file, bytes, modelClass);
  const inputs = specs(manifest.inputs);
  const probes = manifest.probes.map((probe, index) => {
    try {
      return Tensors.serialize(encodeInputs(inputs, probe));
    } catch (error) {
      throw new UserError(`${path}: probe ${index}: ${(error as Error).message}`, { cause: error });
    }
  });
  const modelRoot = blobRoot(bytes);
  const { name, version, fee, royaltyPpm, licence } = manifest;
  return {
    bytes,
    root: toHex(modelRoot),
    manifest: {
      name,
      version,
      class: modelClass,
      engineId: engineOf(modelClass),
      inputs,
      outputs: specs(manifest.outputs),
      opset,
      modelRoot,
      modelBytes: BigInt(bytes.length),
      fee,
      royaltyPpm,
      licence,
      parent: new Uint8Array(0),
      probes,
      maxDeposit: undefined,
      inline: manifest.inline ?? false,
      tier: manifest.tier ?? 0,
      reveal: manifest.reveal ?? "committed",
      absoluteTolerance: BigInt(toleranceUnits(manifest.absoluteTolerance ?? "0", `${path}: absoluteTolerance`)),
      relativeTolerance: BigInt(toleranceUnits(manifest.relativeTolerance ?? "0", `${path}: relativeTolerance`)),
    },
  };
}
