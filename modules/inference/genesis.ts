import { fromUtf8, toHex, utf8 } from "../../chain/bytes.ts";
import { encodeAddress } from "../../chain/crypto/bech32.ts";
import { parseAmount } from "../../chain/decode-tx.ts";
import type { Module, Report } from "../../chain/module.ts";
import { ZERO_32 } from "../../chain/types/primitives.ts";
import {
  failOnReport,
  readAddress,
  readAmount,
  readBytes,
  readList,
  readObject,
  readText,
} from "../genesis-section.ts";
import { classCode, className, MAX_ABSOLUTE_TOLERANCE, MODEL_CLASS_NAMES } from "./classes.ts";
import { costUnits } from "./fees.ts";
import {
  MAX_LICENCE,
  MAX_NAME,
  MAX_TENSOR_NAME,
  MAX_TIERS,
  MAX_VERSION,
  type ModelManifest,
  type TensorDeclaration,
} from "./manifest.ts";
import { manifestProblem } from "./manifest-check.ts";
import { saveNewModel } from "./models.ts";
import { takePlace } from "./resident-set.ts";
import { MODEL_STATUS } from "./store.ts";
import { dtypeCode, dtypeName } from "./tensor-check.ts";
import { MAX_RANK } from "./tensors.ts";
import { openTier } from "./tier-market.ts";

/** More models than this belong in transactions. */
const MAX_GENESIS_MODELS = 256;

/** A model of the genesis section: active from the start, without admission, deposit or probes. */
export interface GenesisModel {
  readonly owner: string;
  readonly name: string;
  readonly version: string;
  /** Base64, 32 bytes, as `modelRoot` and `parent`. */
  readonly engineId: string;
  readonly inputs: readonly GenesisTensor[];
  readonly outputs: readonly GenesisTensor[];
  readonly opset: number;
  readonly modelRoot: string;
  /** Decimal text, as `fee`. */
  readonly modelBytes: string;
  readonly fee: string;
  readonly royaltyPpm: number;
  readonly licence: string;
  readonly parent?: string;
  /** Whether it may run inline; not, where it does not say. */
  readonly inline?: boolean;
  /** 0, where it does not say. */
  readonly tier?: number;
  /** Base64, 32 bytes each. */
  readonly datasets?: readonly string[];
  /** Without commitments; not, where it does not say. */
  readonly direct?: boolean;
  /** `canonical`, where it does not say. */
  readonly class?: string;
  /** Of the class `tolerance`, in units of 10^-9; 0, where it does not say. */
  readonly absoluteTolerance?: number;
  readonly relativeTolerance?: number;
}

export interface GenesisTensor {
  readonly name: string;
  /** `float32` and the like. */
  readonly dtype: string;
  readonly shape: readonly number[];
}

const FIELDS = [
  "owner",
  "name",
  "version",
  "engineId",
  "inputs",
  "outputs",
  "opset",
  "modelRoot",
  "modelBytes",
  "fee",
  "royaltyPpm",
  "licence",
  "parent",
  "inline",
  "tier",
  "datasets",
  "direct",
  "class",
  "absoluteTolerance",
  "relativeTolerance",
] as const;

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

/** A manifest as the genesis section has it. */
export function genesisModel(manifest: ModelManifest, prefix: string): GenesisModel {
  const tensors = (list: readonly TensorDeclaration[]): GenesisTensor[] =>
    list.map(({ name, dtype, shape }) => ({ name: fromUtf8(name), dtype: dtypeName(dtype), shape: [...shape] }));
  return {
    owner: encodeAddress(prefix, manifest.owner),
    name: fromUtf8(manifest.name),
    version: fromUtf8(manifest.version),
    engineId: base64(manifest.engineId),
    inputs: tensors(manifest.inputs),
    outputs: tensors(manifest.outputs),
    opset: manifest.opset,
    modelRoot: base64(manifest.modelRoot),
    modelBytes: manifest.modelBytes.toString(),
    fee: manifest.fee.toString(),
    royaltyPpm: manifest.royaltyPpm,
    licence: fromUtf8(manifest.licence),
    parent: base64(manifest.parent),
    inline: manifest.inline,
    tier: manifest.tier,
    datasets: manifest.datasets.map(base64),
    direct: manifest.direct,
    class: className(manifest.class),
    absoluteTolerance: manifest.absoluteTolerance,
    relativeTolerance: manifest.relativeTolerance,
  };
}

function readWhole(value: unknown, path: string, report: Report, max: number): number | undefined {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= max) return value;
  report(path, `must be a whole number up to ${max}`);
  return undefined;
}

function readTensor(value: unknown, path: string, report: Report): TensorDeclaration | undefined {
  const fields = readObject(value, path, report, ["name", "dtype", "shape"]);
  if (fields === undefined) return undefined;
  const name = readText(fields.get("name"), `${path}.name`, report, MAX_TENSOR_NAME);
  const dtype = readText(fields.get("dtype"), `${path}.dtype`, report, 16);
  const code = dtype === undefined ? undefined : dtypeCode(dtype);
  if (dtype !== undefined && code === undefined) report(`${path}.dtype`, `"${dtype}" is no element type`);
  const lengths = readList(fields.get("shape"), `${path}.shape`, report);
  if (lengths.length > MAX_RANK) {
    report(`${path}.shape`, `has ${lengths.length} dimensions, at most ${MAX_RANK}`);
    return undefined;
  }
  const shape: number[] = [];
  for (const [axis, length] of lengths.entries()) {
    const read = readWhole(length, `${path}.shape[${axis}]`, report, 2 ** 31);
    if (read !== undefined) shape.push(read);
  }
  if (name === undefined || code === undefined || shape.length !== lengths.length) return undefined;
  return { name: utf8(name), dtype: code, shape };
}

function readTensors(value: unknown, path: string, report: Report): TensorDeclaration[] | undefined {
  const list = readList(value, path, report).slice(0, 64);
  const tensors: TensorDeclaration[] = [];
  for (const [index, each] of list.entries()) {
    const tensor = readTensor(each, `${path}[${index}]`, report);
    if (tensor !== undefined) tensors.push(tensor);
  }
  return tensors.length === list.length ? tensors : undefined;
}

function readModel(value: unknown, path: string, prefix: string, report: Report): ModelManifest | undefined {
  const fields = readObject(value, path, report, FIELDS);
  if (fields === undefined) return undefined;
  const at = (name: (typeof FIELDS)[number]) => [fields.get(name), `${path}.${name}`, report] as const;
  const owner = readAddress(...at("owner"), prefix);
  const name = readText(...at("name"), MAX_NAME);
  const version = readText(...at("version"), MAX_VERSION);
  const engineId = readBytes(...at("engineId"), 32);
  const inputs = readTensors(...at("inputs"));
  const outputs = readTensors(...at("outputs"));
  const opset = readWhole(...at("opset"), 2 ** 31);
  const modelRoot = readBytes(...at("modelRoot"), 32);
  const modelBytes = readAmount(...at("modelBytes"));
  const feeText = readText(...at("fee"), 40);
  const fee = feeText === undefined ? undefined : parseAmount(feeText);
  if (feeText !== undefined && fee === undefined) report(`${path}.fee`, 'must be a whole number as a text ("1000")');
  const royaltyPpm = readWhole(...at("royaltyPpm"), 1_000_000);
  const licence = readText(...at("licence"), MAX_LICENCE);
  const parent = fields.has("parent") ? readBytes(...at("parent"), 32) : ZERO_32;
  const inline = fields.get("inline") ?? false;
  const tier = fields.has("tier") ? readWhole(...at("tier"), MAX_TIERS - 1) : 0;
  const direct = fields.get("direct") ?? false;
  const toleranceOf = (name: "absoluteTolerance" | "relativeTolerance") =>
    fields.has(name) ? readWhole(...at(name), MAX_ABSOLUTE_TOLERANCE) : 0;
  const absoluteTolerance = toleranceOf("absoluteTolerance");
  const relativeTolerance = toleranceOf("relativeTolerance");
  const classText = fields.has("class") ? readText(...at("class"), 16) : "canonical";
  const modelClass = classText === undefined ? undefined : classCode(classText);
  if (classText !== undefined && modelClass === undefined) {
    report(`${path}.class`, `is none of ${MODEL_CLASS_NAMES.join(", ")}`);
  }
  if (typeof direct !== "boolean") report(`${path}.direct`, "must be true or false");
  const datasets = readList(...at("datasets")).map((each, index) =>
    readBytes(each, `${path}.datasets[${index}]`, report, 32),
  );
  if (typeof inline !== "boolean") report(`${path}.inline`, "must be true or false");
  if (modelBytes !== undefined && modelBytes > 2n ** 40n) report(`${path}.modelBytes`, "is above 2^40");
  if (
    owner === undefined ||
    name === undefined ||
    version === undefined ||
    engineId === undefined ||
    inputs === undefined ||
    outputs === undefined ||
    opset === undefined ||
    modelRoot === undefined ||
    modelBytes === undefined ||
    fee === undefined ||
    royaltyPpm === undefined ||
    licence === undefined ||
    parent === undefined ||
    tier === undefined ||
    datasets.some((root) => root === undefined) ||
    modelClass === undefined ||
    absoluteTolerance === undefined ||
    relativeTolerance === undefined ||
    typeof inline !== "boolean" ||
    typeof direct !== "boolean"
  ) {
    return undefined;
  }
  const manifest: ModelManifest = {
    owner,
    name: utf8(name),
    version: utf8(version),
    class: modelClass,
    engineId,
    inputs,
    outputs,
    opset,
    modelRoot,
    modelBytes: Number(modelBytes),
    fee,
    royaltyPpm,
    licence: utf8(licence),
    parent,
    datasets: datasets.filter((root) => root !== undefined),
    probeRoots: [],
    tier,
    inline,
    direct,
    absoluteTolerance,
    relativeTolerance,
  };
  const problem = manifestProblem(manifest);
  if (problem !== undefined) report(path, problem);
  return problem === undefined ? manifest : undefined;
}

function readSection(section: unknown, prefix: string, report: Report): readonly ModelManifest[] {
  const fields = readObject(section, "inference", report, ["models"]);
  const list = readList(fields?.get("models"), "inference.models", report);
  if (list.length > MAX_GENESIS_MODELS) {
    report("inference.models", `has ${list.length} models, at most ${MAX_GENESIS_MODELS}`);
  }
  const manifests: ModelManifest[] = [];
  const roots = new Set<string>();
  const names = new Set<string>();
  for (const [index, each] of list.slice(0, MAX_GENESIS_MODELS).entries()) {
    const path = `inference.models[${index}]`;
    const manifest = readModel(each, path, prefix, report);
    if (manifest === undefined) continue;
    const root = toHex(manifest.modelRoot);
    const name = `${toHex(manifest.owner)}/${fromUtf8(manifest.name)}`;
    if (roots.has(root)) report(`${path}.modelRoot`, "stands twice");
    if (names.has(name)) report(`${path}.name`, "is another model's of this owner");
    roots.add(root);
    names.add(name);
    manifests.push(manifest);
  }
  return manifests;
}

export const genesis: Module["genesis"] = {
  validate(section, spec, report) {
    readSection(section, spec.prefix, report);
  },
  init(ctx, section) {
    for (const manifest of readSection(section, ctx.block.spec.prefix, failOnReport)) {
      takePlace(ctx, manifest);
      openTier(ctx, manifest.tier);
      saveNewModel(ctx, {
        manifest,
        status: MODEL_STATUS.active,
        registeredHeight: ctx.block.height,
        activeHeight: ctx.block.height,
        deposit: 0n,
        pendingProbes: 0,
        worstBucket: 0,
        costUnits: costUnits(manifest.modelBytes, ctx.block.params),
        failure: utf8(""),
        inlineOutHeight: 0,
      });
    }
  },
};
