import { fromUtf8, toHex, utf8 } from "../../../chain/bytes.ts";
import { parseAmount, parseCoins } from "../../../chain/decode-tx.ts";
import { sdkError, type TxError } from "../../../chain/errors.ts";
import { type ChainSpec, type MessageContext, type MessageType, messageType } from "../../../chain/module.ts";
import { ZERO_32 } from "../../../chain/types/primitives.ts";
import {
  MsgRegisterModel,
  MsgRegisterModelResponse,
  type TensorSpec as TensorSpecMessage,
} from "../../../proto/inference.ts";
import { parseAccount } from "../../addresses.ts";
import { moduleAddress } from "../../auth/keeper.ts";
import { transfer } from "../../bank/keeper.ts";
import { generatedCount, openAdmissionJob } from "../admission.ts";
import { classCode, MODEL_CLASS_NAMES } from "../classes.ts";
import { inferenceError } from "../errors.ts";
import { baseFee, costUnits } from "../fees.ts";
import { requireBlob } from "../input-blobs.ts";
import { MAX_PROBES, type ModelManifest, type TensorDeclaration } from "../manifest.ts";
import { manifestProblem } from "../manifest-check.ts";
import { ESCROW, saveNewModel } from "../models.ts";
import { inferenceParams } from "../params.ts";
import { takePlace } from "../resident-set.ts";
import { generatedWaiting, MODEL_STATUS, type ModelRecord, models } from "../store.ts";
import { dtypeCode, serializedBytes, tensorsProblem } from "../tensor-check.ts";
import { Tensors } from "../tensors.ts";
import { unitPrice } from "../tier-market.ts";
import { requireFreeVersion } from "../versions.ts";

const FEE_COLLECTOR = moduleAddress("fee_collector");

function invalid(detail: string): TxError {
  return inferenceError("invalidManifest", detail);
}

function declarations(list: readonly TensorSpecMessage[], what: string): TensorDeclaration[] {
  return list.map(({ name, dtype, shape }, index) => {
    const code = dtypeCode(dtype);
    if (code === undefined)
      throw invalid(`${what} ${index} "${name.slice(0, 80)}": unknown dtype "${dtype.slice(0, 40)}"`);
    const lengths = shape.map((length) => {
      if (length === 0n || length > BigInt(Number.MAX_SAFE_INTEGER)) {
        throw invalid(`${what} ${index} "${name.slice(0, 80)}": a length of ${length}; lengths are fixed and positive`);
      }
      return Number(length);
    });
    return { name: utf8(name), dtype: code, shape: lengths };
  });
}

/** A probe's serialised inputs as tensors, which must fit the declared inputs. */
function probeRoot(inputs: readonly TensorDeclaration[], probe: Uint8Array, index: number): Uint8Array {
  let tensors: Tensors;
  try {
    tensors = Tensors.deserialize(probe);
  } catch (error) {
    throw invalid(
      `probe ${index} is not serialised tensors (${error instanceof Error ? error.message : String(error)})`,
    );
  }
  const problem = tensorsProblem(inputs, tensors);
  if (problem !== undefined) throw invalid(`probe ${index}: ${problem}`);
  return Tensors.hashTreeRoot([...tensors]);
}

function sized(bytes: Uint8Array, length: number, what: string): Uint8Array {
  if (bytes.length !== length) throw invalid(`${what} has ${bytes.length} bytes, expected ${length}`);
  return bytes;
}

function revealOf(reveal: string): boolean {
  if (["", "committed", "direct"].includes(reveal)) return reveal === "direct";
  throw invalid(`reveal "${reveal.slice(0, 40)}" is none of committed, direct`);
}

/** Everything that needs no state. @throws TxError inference 6 */
function toManifest(message: MsgRegisterModel, owner: Uint8Array): ModelManifest {
  const modelClass = classCode(message.class);
  if (modelClass === undefined) {
    throw invalid(`class "${message.class.slice(0, 40)}" is none of ${MODEL_CLASS_NAMES.join(", ")}`);
  }
  const most = BigInt(Number.MAX_SAFE_INTEGER);
  if (message.absoluteTolerance > most || message.relativeTolerance > most) throw invalid("a tolerance above 2^53");
  const fee = parseAmount(message.fee === "" ? "0" : message.fee);
  if (fee === undefined) throw invalid(`fee "${message.fee.slice(0, 60)}" is not a decimal integer`);
  if (message.modelBytes > BigInt(Number.MAX_SAFE_INTEGER)) throw invalid(`a model of ${message.modelBytes} bytes`);
  const probes = message.probes.length + message.probeBlobs.length;
  if (probes === 0 || probes > MAX_PROBES) {
    throw invalid(`${probes} probes, 1 to ${MAX_PROBES} are needed`);
  }
  const inputs = declarations(message.inputs, "input");
  const outputs = declarations(message.outputs, "output");
  const manifest: ModelManifest = {
    owner,
    name: utf8(message.name),
    version: utf8(message.version),
    class: modelClass,
    engineId: sized(message.engineId, 32, "engine_id"),
    inputs,
    outputs,
    opset: message.opset,
    modelRoot: sized(message.modelRoot, 32, "model_root"),
    modelBytes: Number(message.modelBytes),
    fee,
    royaltyPpm: message.royaltyPpm,
    licence: utf8(message.licence),
    parent: message.parent.length === 0 ? ZERO_32 : sized(message.parent, 32, "parent"),
    datasets: message.datasets.map((root, index) => sized(root, 32, `data set ${index}`)),
    probeRoots: [],
    tier: message.tier,
    inline: message.inline,
    direct: revealOf(message.reveal),
    absoluteTolerance: Number(message.absoluteTolerance),
    relativeTolerance: Number(message.relativeTolerance),
  };
  const problem = manifestProblem(manifest);
  if (problem !== undefined) throw invalid(problem);
  return { ...manifest, probeRoots: message.probes.map((probe, index) => probeRoot(inputs, probe, index)) };
}

/** What the network's parameters allow. */
function checkLimits(ctx: MessageContext, manifest: ModelManifest, probes: readonly Uint8Array[]): void {
  const { maxModelBytes, maxInputBytes, maxInputBlobBytes, maxRoyalty } = inferenceParams.read(ctx.block.params);
  if (manifest.modelBytes > Number(maxModelBytes)) {
    throw invalid(`a model of ${manifest.modelBytes} bytes, at most ${maxModelBytes}`);
  }
  const inputBytes = serializedBytes(manifest.inputs);
  const most = manifest.inline ? maxInputBytes : maxInputBlobBytes;
  if (inputBytes > Number(most)) throw invalid(`inputs of ${inputBytes} bytes, at most ${most}`);
  const large = probes.findIndex(({ length }) => length > Number(maxInputBytes));
  if (large >= 0) {
    const bytes = probes[large]?.length ?? 0;
    throw invalid(`probe ${large} has ${bytes} bytes, at most ${maxInputBytes}; a blob takes more`);
  }
  if (manifest.royaltyPpm > Number(maxRoyalty)) {
    throw invalid(`a royalty of ${manifest.royaltyPpm} ppm, at most ${maxRoyalty}`);
  }
}

function checkFree(ctx: MessageContext, manifest: ModelManifest): void {
  const known = models.get(ctx.store, manifest.modelRoot);
  if (known !== undefined && known.status !== MODEL_STATUS.failed) {
    throw inferenceError("modelExists", `the model with this root is "${fromUtf8(known.manifest.name)}"`);
  }
  requireFreeVersion(ctx.store, manifest.owner, manifest);
}

/** Takes the deposit and the base fee of the runs of all probes, the generated ones included. @returns the deposit. */
function charge(ctx: MessageContext, message: MsgRegisterModel, manifest: ModelManifest, probes: number): bigint {
  const { params, spec } = ctx.block;
  const { depositBase, depositPerByte } = inferenceParams.read(params);
  const deposit = depositBase + depositPerByte * BigInt(manifest.modelBytes);
  const [most] = parseCoins(message.maxDeposit === undefined ? [] : [message.maxDeposit]);
  if (most === undefined || most.denom !== spec.denom || most.amount < deposit) {
    const named = most === undefined ? "none" : `${most.amount}${most.denom}`;
    throw inferenceError("depositTooLow", `max_deposit is ${named}, required: ${deposit}${spec.denom}`);
  }
  transfer(ctx, manifest.owner, ESCROW, [{ denom: spec.denom, amount: deposit }]);
  const price = unitPrice(ctx.store, params, manifest.tier);
  const fee = baseFee(costUnits(manifest.modelBytes, params), price) * BigInt(probes);
  transfer(ctx, manifest.owner, FEE_COLLECTOR, [{ denom: spec.denom, amount: fee }]);
  return deposit;
}

/**
 * Registers a model. Its blob must be where validators can fetch it from: those that can't run it commit to nothing, and
 * without a quorum on every probe the deposit burns. Open jobs and cost units are counted like requests'.
 */
const registerModel: MessageType<MsgRegisterModel, MsgRegisterModelResponse> = {
  typeUrl: MsgRegisterModel.typeUrl,
  responseTypeUrl: MsgRegisterModelResponse.typeUrl,
  decode: (reader) => MsgRegisterModel.decode(reader),
  encodeResponse: (response) => MsgRegisterModelResponse.encode(response).finish(),
  signers: (message, spec: ChainSpec) => [parseAccount(spec, message.owner, "owner")],
  validate(message, spec) {
    toManifest(message, parseAccount(spec, message.owner, "owner"));
    if (message.maxDeposit === undefined) throw sdkError("invalidCoins", "max_deposit is missing");
    parseCoins([message.maxDeposit]);
  },
  execute(ctx, message) {
    const { params, spec, height } = ctx.block;
    const given = toManifest(message, parseAccount(spec, message.owner, "owner"));
    const blobRoots = message.probeBlobs.map((root) => requireBlob(ctx, root, given).inputsRoot);
    const manifest = { ...given, probeRoots: [...given.probeRoots, ...blobRoots] };
    const probes = [...message.probes, ...message.probeBlobs.map((blob) => ({ blob }))];
    checkLimits(ctx, manifest, message.probes);
    checkFree(ctx, manifest);
    const generated = generatedCount(probes.length, params);
    const deposit = charge(ctx, message, manifest, probes.length + generated);
    const { modelRoot } = manifest;
    takePlace(ctx, manifest);
    const model: ModelRecord = {
      manifest,
      status: MODEL_STATUS.registered,
      registeredHeight: height,
      activeHeight: 0,
      deposit,
      pendingProbes: probes.length + generated,
      worstBucket: 0,
      costUnits: costUnits(manifest.modelBytes, params),
      failure: utf8(""),
      inlineOutHeight: 0,
    };
    saveNewModel(ctx, model);
    generatedWaiting.set(ctx.store, [height, modelRoot], generated);
    const jobIds = probes.map((inputs, index) =>
      openAdmissionJob(ctx, model, inputs, manifest.probeRoots[index] ?? ZERO_32),
    );
    ctx.emit(
      "model_registered",
      ["model", toHex(modelRoot)],
      ["owner", message.owner],
      ["name", message.name],
      ["deposit", String(deposit)],
    );
    return { modelRoot, jobIds };
  },
};

export const registerModelMessage = messageType(registerModel);
