import { toHex } from "../../../chain/bytes.ts";
import { parseCoins } from "../../../chain/decode-tx.ts";
import { sdkError, type TxError } from "../../../chain/errors.ts";
import { type MessageContext, type MessageType, messageType } from "../../../chain/module.ts";
import { MsgRegisterBlob, MsgRegisterBlobResponse } from "../../../proto/inference.ts";
import { parseAccount } from "../../addresses.ts";
import { moduleAddress } from "../../auth/keeper.ts";
import { transfer } from "../../bank/keeper.ts";
import { CUSTODY_ENGINE } from "../custody.ts";
import { inferenceError } from "../errors.ts";
import { baseFee } from "../fees.ts";
import { blobRent, blobUnits, takeRoom } from "../input-blobs.ts";
import { openJob } from "../jobs.ts";
import { ESCROW } from "../models.ts";
import { inferenceParams } from "../params.ts";
import { BLOB_STATUS, type InputBlobRecord, inputBlobs, JOB_KIND } from "../store.ts";
import { dtypeCode, serializedBytes } from "../tensor-check.ts";
import { MAX_RANK, MAX_TENSOR_BYTES, MAX_TENSORS } from "../tensors.ts";
import { unitPrice } from "../tier-market.ts";

const FEE_COLLECTOR = moduleAddress("fee_collector");
const NO_NAME = new Uint8Array(0);

function invalid(detail: string): TxError {
  return inferenceError("invalidBlob", detail);
}

function sized(bytes: Uint8Array, what: string): Uint8Array {
  if (bytes.length !== 32) throw invalid(`${what} has ${bytes.length} bytes, expected 32`);
  return bytes;
}

type Summary = InputBlobRecord["tensors"];

/** Types and shapes of the tensors, whose serialisation must have the blob's length. */
function summaryOf({ tensors, blobBytes }: MsgRegisterBlob): Summary {
  if (tensors.length === 0 || tensors.length > MAX_TENSORS) {
    throw invalid(`${tensors.length} tensors, 1 to ${MAX_TENSORS} are possible`);
  }
  const summary = tensors.map(({ dtype, shape }, index) => {
    const code = dtypeCode(dtype);
    if (code === undefined) throw invalid(`tensor ${index}: unknown dtype "${dtype.slice(0, 40)}"`);
    if (shape.length > MAX_RANK) throw invalid(`tensor ${index} has ${shape.length} dimensions, at most ${MAX_RANK}`);
    let elements = 1n;
    for (const length of shape) {
      elements *= length;
      if (length === 0n || elements > BigInt(MAX_TENSOR_BYTES)) {
        throw invalid(`tensor ${index}: a length of ${length}; 1 to ${MAX_TENSOR_BYTES} bytes are possible`);
      }
    }
    return { dtype: code, shape: shape.map(Number) };
  });
  for (const [index, each] of summary.entries()) {
    const bytes = serializedBytes([{ ...each, name: NO_NAME }]);
    if (bytes > MAX_TENSOR_BYTES) throw invalid(`tensor ${index} has ${bytes} bytes, at most ${MAX_TENSOR_BYTES}`);
  }
  const bytes = serializedBytes(summary.map((each) => ({ ...each, name: NO_NAME })));
  if (BigInt(bytes) !== blobBytes) throw invalid(`blob_bytes is ${blobBytes}, these tensors take ${bytes}`);
  return summary;
}

function checkLimits(ctx: MessageContext, { blobRoot, blobBytes, blocks }: MsgRegisterBlob): void {
  const { maxInputBlobBytes, maxBlobBlocks } = inferenceParams.read(ctx.block.params);
  if (blobBytes > maxInputBlobBytes) throw invalid(`${blobBytes} bytes, at most ${maxInputBlobBytes}`);
  if (blocks === 0n || blocks > maxBlobBlocks) throw invalid(`${blocks} blocks, 1 to ${maxBlobBlocks} are possible`);
  const known = inputBlobs.get(ctx.store, blobRoot);
  if (known === undefined) return;
  const state =
    known.status === BLOB_STATUS.active ? `active until height ${known.expiryHeight}` : "still being checked";
  throw inferenceError("blobExists", `the input blob ${toHex(blobRoot)} is ${state}`);
}

/** Takes the rent into escrow, and the base fee of the check. */
function charge(
  ctx: MessageContext,
  message: MsgRegisterBlob,
  owner: Uint8Array,
  units: number,
  price: bigint,
): bigint {
  const { params, spec } = ctx.block;
  const rent = blobRent(Number(message.blobBytes), Number(message.blocks), params);
  const [most] = parseCoins(message.maxDeposit === undefined ? [] : [message.maxDeposit]);
  if (most === undefined || most.denom !== spec.denom || most.amount < rent) {
    const named = most === undefined ? "none" : `${most.amount}${most.denom}`;
    throw inferenceError("depositTooLow", `max_deposit is ${named}, required: ${rent}${spec.denom}`);
  }
  transfer(ctx, owner, ESCROW, [{ denom: spec.denom, amount: rent }]);
  transfer(ctx, owner, FEE_COLLECTOR, [{ denom: spec.denom, amount: baseFee(units, price) }]);
  return rent;
}

/**
 * Registers a blob of inputs. Its bytes must be where validators can fetch them from. In a job of the attested lane more than two thirds of all power say that they
 * hold it and that it is as declared: then it is active for as many blocks as were asked for.
 */
const registerBlob: MessageType<MsgRegisterBlob, MsgRegisterBlobResponse> = {
  typeUrl: MsgRegisterBlob.typeUrl,
  responseTypeUrl: MsgRegisterBlobResponse.typeUrl,
  decode: (reader) => MsgRegisterBlob.decode(reader),
  encodeResponse: (response) => MsgRegisterBlobResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.owner, "owner")],
  validate(message) {
    sized(message.blobRoot, "blob_root");
    sized(message.inputsRoot, "inputs_root");
    summaryOf(message);
    if (message.maxDeposit === undefined) throw sdkError("invalidCoins", "max_deposit is missing");
    parseCoins([message.maxDeposit]);
  },
  execute(ctx, message) {
    const { params, spec, height } = ctx.block;
    const owner = parseAccount(spec, message.owner, "owner");
    const { blobRoot, inputsRoot } = message;
    const tensors = summaryOf(message);
    checkLimits(ctx, message);
    const blobBytes = Number(message.blobBytes);
    takeRoom(ctx, blobBytes);
    const units = 1 + blobUnits(blobBytes, params);
    const price = unitPrice(ctx.store, params, 0);
    const rent = charge(ctx, message, owner, units, price);
    const jobId = openJob(ctx, {
      kind: JOB_KIND.availability,
      modelRoot: blobRoot,
      engineId: CUSTODY_ENGINE,
      tier: undefined,
      inputsRoot,
      inputs: { blob: blobRoot },
      requester: owner,
      costUnits: units,
      baseFee: baseFee(units, price),
      runFee: 0n,
      escrow: 0n,
      valueAtRisk: 0n,
      deadline: undefined,
      direct: false,
    });
    inputBlobs.set(ctx.store, blobRoot, {
      owner,
      blobBytes,
      inputsRoot,
      tensors,
      status: BLOB_STATUS.checking,
      registeredHeight: height,
      activeHeight: 0,
      blocks: Number(message.blocks),
      expiryHeight: 0,
      rent,
      jobId,
    });
    ctx.emit(
      "input_blob_registered",
      ["blob", toHex(blobRoot)],
      ["owner", message.owner],
      ["job_id", toHex(jobId)],
      ["bytes", String(blobBytes)],
      ["rent", String(rent)],
    );
    return { jobId };
  },
};

export const registerBlobMessage = messageType(registerBlob);
