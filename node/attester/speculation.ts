import { decodeAddress } from "../../chain/crypto/bech32.ts";
import { parseAmount } from "../../chain/decode-tx.ts";
import { TxError } from "../../chain/errors.ts";
import { readParams } from "../../chain/executor/chain-state.ts";
import type { ChainSpec } from "../../chain/module.ts";
import type { Params } from "../../chain/params.ts";
import { balance } from "../../modules/bank/keeper.ts";
import { baseFee, costUnits } from "../../modules/inference/fees.ts";
import { resolveModel } from "../../modules/inference/models.ts";
import { inferenceParams } from "../../modules/inference/params.ts";
import { MODEL_STATUS, type ModelRecord } from "../../modules/inference/store.ts";
import { tensorsProblem } from "../../modules/inference/tensor-check.ts";
import { Tensors } from "../../modules/inference/tensors.ts";
import { MsgInferThen, MsgRequestInference } from "../../proto/inference.ts";
import type { StateReader } from "../../state/store.ts";
import type { RunRequest } from "./runs.ts";

/** A message of a transaction, as it stands there. */
export interface PendingMessage {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

function decoded<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch {
    return undefined; // A stranger's bytes: the transaction will fail by itself, speculation only passes it over.
  }
}

function findModel(state: StateReader, spec: ChainSpec, text: string): ModelRecord | undefined {
  try {
    const model = resolveModel(state, spec, text);
    return model.status === MODEL_STATUS.active ? model : undefined;
  } catch (error) {
    if (error instanceof TxError) return undefined; // No such model: the transaction will say so.
    throw error;
  }
}

/** Whether the sender has what the run costs: to compute for nobody's money is what an attacker would ask for. */
function canPay(
  state: StateReader,
  spec: ChainSpec,
  params: Params,
  message: MsgRequestInference,
  model: ModelRecord,
): boolean {
  const requester = decodeAddress(spec.prefix, message.requester);
  const maxFee = message.maxFee?.denom === spec.denom ? parseAmount(message.maxFee.amount) : undefined;
  if (requester === undefined || maxFee === undefined) return false;
  const { modelBytes, fee } = model.manifest;
  const least = baseFee(costUnits(modelBytes, params), params) + fee;
  return maxFee >= least && balance(state, requester, spec.denom) >= maxFee;
}

function requestIn({ typeUrl, value }: PendingMessage): MsgRequestInference | undefined {
  if (typeUrl === MsgRequestInference.typeUrl) return decoded(() => MsgRequestInference.decode(value));
  if (typeUrl === MsgInferThen.typeUrl) return decoded(() => MsgInferThen.decode(value).request);
  return undefined;
}

/** The run that a waiting message will ask for, if it looks as if it would succeed; undefined for any other message. */
export function speculativeRun(state: StateReader, spec: ChainSpec, pending: PendingMessage): RunRequest | undefined {
  const message = requestIn(pending);
  if (message === undefined) return undefined;
  const params = readParams(state);
  if (message.inputs.length > Number(inferenceParams.read(params).maxInputBytes)) return undefined;
  const model = findModel(state, spec, message.model);
  if (model === undefined || !canPay(state, spec, params, message, model)) return undefined;
  const tensors = decoded(() => Tensors.deserialize(message.inputs));
  if (tensors === undefined || tensorsProblem(model.manifest.inputs, tensors) !== undefined) return undefined;
  return { manifest: model.manifest, inputsRoot: Tensors.hashTreeRoot(tensors), inputs: message.inputs };
}
