import { toHex } from "../../../chain/bytes.ts";
import { parseAmount, parseCoins } from "../../../chain/decode-tx.ts";
import { sdkError } from "../../../chain/errors.ts";
import { type MessageContext, type MessageType, messageType } from "../../../chain/module.ts";
import type { Coin } from "../../../chain/tx.ts";
import { MsgRequestInference, MsgRequestInferenceResponse } from "../../../proto/inference.ts";
import { parseAccount } from "../../addresses.ts";
import { moduleAddress } from "../../auth/keeper.ts";
import { transfer } from "../../bank/keeper.ts";
import { inferenceError } from "../errors.ts";
import { baseFee, costUnits } from "../fees.ts";
import { openJob } from "../jobs.ts";
import { ESCROW, modelName, resolveModel } from "../models.ts";
import { inferenceParams } from "../params.ts";
import { JOB_KIND, MODEL_STATUS, type ModelRecord } from "../store.ts";
import { tensorsProblem } from "../tensor-check.ts";
import { Tensors } from "../tensors.ts";

const FEE_COLLECTOR = moduleAddress("fee_collector");

/** The block of the request, one of commitments, one of reveals. */
const LEAST_DEADLINE = 2;

function parseInputs(bytes: Uint8Array): Tensors {
  try {
    return Tensors.deserialize(bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw inferenceError("invalidInputs", `inputs are not serialised SSZ tensors (${reason})`);
  }
}

function maxFeeOf(message: MsgRequestInference): Coin {
  const [coin] = parseCoins(message.maxFee === undefined ? [] : [message.maxFee]);
  if (coin === undefined) throw sdkError("invalidCoins", "max_fee is missing");
  return coin;
}

function valueAtRiskOf(message: MsgRequestInference): bigint {
  const value = parseAmount(message.valueAtRisk === "" ? "0" : message.valueAtRisk);
  if (value !== undefined) return value;
  throw sdkError("invalidRequest", `value_at_risk "${message.valueAtRisk.slice(0, 60)}" is not a decimal integer`);
}

/** hash_tree_root of the inputs, if they are what the model takes. */
function checkedInputs(ctx: MessageContext, model: ModelRecord, bytes: Uint8Array): Uint8Array {
  const { maxInputBytes } = inferenceParams.read(ctx.block.params);
  if (bytes.length > Number(maxInputBytes)) {
    throw inferenceError("invalidInputs", `inputs of ${bytes.length} bytes, at most ${maxInputBytes}`);
  }
  const tensors = parseInputs(bytes);
  const problem = tensorsProblem(model.manifest.inputs, tensors);
  if (problem !== undefined) throw inferenceError("invalidInputs", problem);
  return Tensors.hashTreeRoot([...tensors]);
}

function checkedDeadline(ctx: MessageContext, deadline: bigint): number | undefined {
  if (deadline === 0n) return undefined;
  const { height, params } = ctx.block;
  const least = height + LEAST_DEADLINE;
  const most = height + Number(inferenceParams.read(params).maxDeadline);
  if (deadline < BigInt(least) || deadline > BigInt(most)) {
    throw inferenceError(
      "invalidDeadline",
      `deadline ${deadline} in block ${height}, ${least} to ${most} are possible`,
    );
  }
  return Number(deadline);
}

const STATUS_TEXT: Readonly<Record<number, string>> = {
  [MODEL_STATUS.registered]: "still being admitted",
  [MODEL_STATUS.failed]: "failed its admission",
};

function requireActive(model: ModelRecord): void {
  if (model.status === MODEL_STATUS.active) return;
  const { manifest } = model;
  const what = STATUS_TEXT[model.status] ?? "not active";
  throw inferenceError("inactiveModel", `${modelName(manifest)} (${toHex(manifest.modelRoot)}) is ${what}`);
}

/** Opens a job for the validators that vote on this block, and takes what it may cost. */
const requestInference: MessageType<MsgRequestInference, MsgRequestInferenceResponse> = {
  typeUrl: MsgRequestInference.typeUrl,
  responseTypeUrl: MsgRequestInferenceResponse.typeUrl,
  decode: (reader) => MsgRequestInference.decode(reader),
  encodeResponse: (response) => MsgRequestInferenceResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.requester, "requester")],
  validate(message, spec) {
    const maxFee = maxFeeOf(message);
    if (maxFee.denom !== spec.denom) {
      throw sdkError("invalidCoins", `max_fee is in ${maxFee.denom}, fees are paid in ${spec.denom}`);
    }
    valueAtRiskOf(message);
    if (message.model === "") throw inferenceError("unknownModel", "no model was named");
  },
  execute(ctx, message) {
    const { params, spec } = ctx.block;
    const requester = parseAccount(spec, message.requester, "requester");
    const model = resolveModel(ctx.store, spec, message.model);
    requireActive(model);
    const inputsRoot = checkedInputs(ctx, model, message.inputs);
    const deadline = checkedDeadline(ctx, message.deadline);
    const { modelRoot, engineId, modelBytes, fee: runFee } = model.manifest;
    const units = costUnits(modelBytes, params);
    const base = baseFee(units, params);
    const maxFee = maxFeeOf(message).amount;
    if (maxFee < base + runFee) {
      throw inferenceError(
        "feeTooLow",
        `max_fee is ${maxFee}${spec.denom}, required: ${base + runFee}${spec.denom} (${base} base fee and ${runFee} of the model)`,
      );
    }
    const escrow = maxFee - base;
    transfer(ctx, requester, FEE_COLLECTOR, [{ denom: spec.denom, amount: base }]);
    transfer(ctx, requester, ESCROW, [{ denom: spec.denom, amount: escrow }]);
    const jobId = openJob(ctx, {
      kind: JOB_KIND.request,
      modelRoot,
      engineId,
      inputsRoot,
      inputs: message.inputs,
      requester,
      costUnits: units,
      baseFee: base,
      runFee,
      escrow,
      valueAtRisk: valueAtRiskOf(message),
      deadline,
    });
    return { jobId };
  },
};

export const requestInferenceMessage = messageType(requestInference);
