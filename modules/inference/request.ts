import { toHex } from "../../chain/bytes.ts";
import { parseAmount, parseCoins } from "../../chain/decode-tx.ts";
import { sdkError } from "../../chain/errors.ts";
import type { ChainSpec, MessageContext } from "../../chain/module.ts";
import type { Params } from "../../chain/params.ts";
import type { Coin } from "../../chain/tx.ts";
import type { MsgRequestInference } from "../../proto/inference.ts";
import { parseAccount } from "../addresses.ts";
import { moduleAddress } from "../auth/keeper.ts";
import { transfer } from "../bank/keeper.ts";
import { isTolerant } from "./classes.ts";
import { deprecationText } from "./deprecation.ts";
import { inferenceError } from "./errors.ts";
import { baseFee } from "./fees.ts";
import { type InlineResult, runInline } from "./inline.ts";
import { blobUnits, requireBlob } from "./input-blobs.ts";
import { type NewJob, openJob } from "./jobs.ts";
import { ESCROW, modelName, resolveModel } from "./models.ts";
import { inferenceParams } from "./params.ts";
import { isPaused, isResident } from "./resident-set.ts";
import { JOB_KIND, MODEL_STATUS, type ModelRecord } from "./store.ts";
import { tensorsProblem } from "./tensor-check.ts";
import { Tensors } from "./tensors.ts";
import { unitPrice } from "./tier-market.ts";
import { servedByEnough } from "./tiers.ts";

const FEE_COLLECTOR = moduleAddress("fee_collector");

/** The block of the request, one of commitments, one of reveals. */
const LEAST_DEADLINE = 2;
/** Three blocks of the beacon that an executor is drawn from, one of its output, one of what others attest. */
const LEAST_TOLERANT_DEADLINE = 5;

function parseInputs(bytes: Uint8Array): Tensors {
  try {
    return Tensors.deserialize(bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw inferenceError("invalidInputs", `inputs are not serialised SSZ tensors (${reason})`);
  }
}

/** @throws TxError sdk 10 */
export function maxFeeOf(message: MsgRequestInference): Coin {
  const [coin] = parseCoins(message.maxFee === undefined ? [] : [message.maxFee]);
  if (coin === undefined) throw sdkError("invalidCoins", "max_fee is missing");
  return coin;
}

/** @throws TxError sdk 18 */
export function valueAtRiskOf(message: MsgRequestInference): bigint {
  const value = parseAmount(message.valueAtRisk === "" ? "0" : message.valueAtRisk);
  if (value !== undefined) return value;
  throw sdkError("invalidRequest", `value_at_risk "${message.valueAtRisk.slice(0, 60)}" is not a decimal integer`);
}

/** @throws TxError inference 7 for more bytes than the network takes, or no tensors. */
function boundedInputs(bytes: Uint8Array, params: Params): Tensors {
  const { maxInputBytes } = inferenceParams.read(params);
  if (bytes.length > Number(maxInputBytes)) {
    throw inferenceError("invalidInputs", `inputs of ${bytes.length} bytes, at most ${maxInputBytes}`);
  }
  return parseInputs(bytes);
}

/** hash_tree_root of serialised inputs. @throws TxError inference 7 */
export function inputsRootOf(bytes: Uint8Array, params: Params): Uint8Array {
  return Tensors.hashTreeRoot([...boundedInputs(bytes, params)]);
}

/** hash_tree_root of the inputs, if they are what the model takes. @throws TxError inference 7 */
export function checkedInputs(ctx: MessageContext, model: ModelRecord, bytes: Uint8Array): Uint8Array {
  const tensors = boundedInputs(bytes, ctx.block.params);
  const problem = tensorsProblem(model.manifest.inputs, tensors);
  if (problem !== undefined) throw inferenceError("invalidInputs", problem);
  return Tensors.hashTreeRoot([...tensors]);
}

type RunInputs = Pick<NewJob, "inputsRoot" | "inputs"> & { readonly units: number };

/** The inputs of a run: those that the message carries, or a blob's. `units` are what they add to the model's cost. */
function inputsOf(ctx: MessageContext, model: ModelRecord, { inputs, inputsBlob }: MsgRequestInference): RunInputs {
  if (inputsBlob.length === 0) return { inputsRoot: checkedInputs(ctx, model, inputs), inputs, units: 0 };
  const { inputsRoot, blobBytes } = requireBlob(ctx, inputsBlob, model.manifest);
  return { inputsRoot, inputs: { blob: inputsBlob }, units: blobUnits(blobBytes, ctx.block.params) };
}

function checkedDeadline(ctx: MessageContext, deadline: bigint, model: ModelRecord): number | undefined {
  if (deadline === 0n) return undefined;
  const { height, params } = ctx.block;
  const least = height + (isTolerant(model.manifest) ? LEAST_TOLERANT_DEADLINE : LEAST_DEADLINE);
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

/** @throws TxError inference 4 and 47 */
export function requireActive(ctx: Pick<MessageContext, "store">, model: ModelRecord): void {
  if (model.status === MODEL_STATUS.active) return;
  const { manifest } = model;
  if (model.status === MODEL_STATUS.deprecated) {
    throw inferenceError("deprecatedModel", `${modelName(manifest)} ${deprecationText(ctx.store, model)}`);
  }
  const what = STATUS_TEXT[model.status] ?? "not active";
  throw inferenceError("inactiveModel", `${modelName(manifest)} (${toHex(manifest.modelRoot)}) is ${what}`);
}

/** What needs no state. @throws TxError sdk 10 and 18, inference 2 */
export function validateRequest(message: MsgRequestInference, spec: Pick<ChainSpec, "denom">): void {
  const maxFee = maxFeeOf(message);
  if (maxFee.denom !== spec.denom) {
    throw sdkError("invalidCoins", `max_fee is in ${maxFee.denom}, fees are paid in ${spec.denom}`);
  }
  valueAtRiskOf(message);
  if (message.inputsBlob.length > 0 && message.inputs.length > 0) {
    throw inferenceError("invalidBlob", "inputs and inputs_blob are both given; one of them is needed");
  }
  if (message.inputsBlob.length > 0 && message.lane === "inline") {
    throw inferenceError(
      "invalidBlob",
      "inputs of an inline run are in the transaction; a blob is for the attested lane",
    );
  }
  if (message.model === "") throw inferenceError("unknownModel", "no model was named");
  if (!["", "attested", "inline"].includes(message.lane)) {
    throw sdkError("invalidRequest", `lane "${message.lane.slice(0, 40)}" is none of attested, inline`);
  }
}

/** A request that was let in: in the inline lane it has its result, in the attested one its job is open. */
export type Requested =
  | { readonly lane: "attested"; readonly model: ModelRecord; readonly jobId: Uint8Array }
  | ({ readonly lane: "inline"; readonly model: ModelRecord } & InlineResult);

function requireResident(model: ModelRecord): void {
  if (isResident(model)) return;
  const { manifest, inlineOutHeight } = model;
  const why = manifest.inline ? `left the resident set at height ${inlineOutHeight}` : "was not registered for it";
  throw inferenceError("notInline", `${modelName(manifest)} (${toHex(manifest.modelRoot)}) ${why}`);
}

/**
 * Lets a request into its lane, and takes what it may cost. In a block of a later round than 0 no model runs inline: its request gets
 * a job of the attested lane, and the model a strike.
 * @throws TxError
 */
export function makeRequest(ctx: MessageContext, message: MsgRequestInference): Requested {
  const { params, spec, inline } = ctx.block;
  const requester = parseAccount(spec, message.requester, "requester");
  const model = resolveModel(ctx.store, spec, message.model);
  requireActive(ctx, model);
  const { inputsRoot, inputs, units: inputUnits } = inputsOf(ctx, model, message);
  const deadline = checkedDeadline(ctx, message.deadline, model);
  const { modelRoot, engineId, tier, fee: runFee } = model.manifest;
  const units = model.costUnits + inputUnits;
  const base = baseFee(units, unitPrice(ctx.store, params, tier));
  const maxFee = maxFeeOf(message).amount;
  if (maxFee < base + runFee) {
    throw inferenceError(
      "feeTooLow",
      `max_fee is ${maxFee}${spec.denom}, required: ${base + runFee}${spec.denom} (${base} base fee and ${runFee} of the model)`,
    );
  }
  const job: NewJob = {
    kind: JOB_KIND.request,
    modelRoot,
    engineId,
    tier,
    inputsRoot,
    inputs,
    requester,
    costUnits: units,
    baseFee: base,
    runFee,
    escrow: maxFee - base,
    valueAtRisk: valueAtRiskOf(message),
    deadline,
    direct: model.manifest.direct,
  };
  if (message.lane === "inline") {
    requireResident(model);
    if (!isPaused(ctx, modelRoot) && servedByEnough(ctx, tier)) {
      if (inline.open) return { lane: "inline", model, ...runInline(ctx, model, { ...job, inputs: message.inputs }) };
      inline.demote(modelRoot);
    }
  }
  transfer(ctx, requester, FEE_COLLECTOR, [{ denom: spec.denom, amount: base }]);
  transfer(ctx, requester, ESCROW, [{ denom: spec.denom, amount: job.escrow }]);
  return { lane: "attested", model, jobId: openJob(ctx, job) };
}
