import { equalBytes, toHex } from "../../../chain/bytes.ts";
import { type MessageType, messageType } from "../../../chain/module.ts";
import {
  MsgAcceptModel,
  MsgAcceptModelResponse,
  MsgTransferModel,
  MsgTransferModelResponse,
} from "../../../proto/inference.ts";
import { accountText, parseAccount } from "../../addresses.ts";
import { inferenceError } from "../errors.ts";
import { modelName, requireOwner, resolveModel } from "../models.ts";
import { MODEL_STATUS, type ModelRecord, models, transfers } from "../store.ts";
import { addVersion, removeVersion, requireFreeVersion } from "../versions.ts";

function named(model: string): void {
  if (model === "") throw inferenceError("unknownModel", "no model was named");
}

function requireAdmitted(model: ModelRecord): void {
  if (model.status === MODEL_STATUS.active || model.status === MODEL_STATUS.deprecated) return;
  throw inferenceError(
    "inactiveModel",
    `${modelName(model.manifest)} has not been admitted, and has nothing to hand over`,
  );
}

/**
 * Offers a model to another account. Nothing changes until that one accepts: a model takes up a name and a version of its owner and speaks for it, which nobody
 * should be given unasked. An offer to oneself takes the last one back.
 */
const transferModel: MessageType<MsgTransferModel, MsgTransferModelResponse> = {
  typeUrl: MsgTransferModel.typeUrl,
  responseTypeUrl: MsgTransferModelResponse.typeUrl,
  decode: (reader) => MsgTransferModel.decode(reader),
  encodeResponse: (response) => MsgTransferModelResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.owner, "owner")],
  validate(message, spec) {
    named(message.model);
    parseAccount(spec, message.newOwner, "new_owner");
  },
  execute(ctx, message) {
    const { spec } = ctx.block;
    const owner = parseAccount(spec, message.owner, "owner");
    const newOwner = parseAccount(spec, message.newOwner, "new_owner");
    const model = resolveModel(ctx.store, spec, message.model);
    requireOwner(model, owner);
    requireAdmitted(model);
    const { modelRoot } = model.manifest;
    if (equalBytes(owner, newOwner)) {
      if (!transfers.has(ctx.store, modelRoot)) {
        throw inferenceError("noTransfer", `${modelName(model.manifest)} is its owner's, and is offered to nobody`);
      }
      transfers.delete(ctx.store, modelRoot);
    } else {
      requireFreeVersion(ctx.store, newOwner, model.manifest);
      transfers.set(ctx.store, modelRoot, newOwner);
    }
    ctx.emit("model_offered", ["model", toHex(modelRoot)], ["owner", message.owner], ["new_owner", message.newOwner]);
    return {};
  },
};

/** Takes over a model that was offered. Royalties of runs that become final from here on, and the deposit when it returns, are the new owner's. */
const acceptModel: MessageType<MsgAcceptModel, MsgAcceptModelResponse> = {
  typeUrl: MsgAcceptModel.typeUrl,
  responseTypeUrl: MsgAcceptModelResponse.typeUrl,
  decode: (reader) => MsgAcceptModel.decode(reader),
  encodeResponse: (response) => MsgAcceptModelResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.newOwner, "new_owner")],
  validate(message) {
    named(message.model);
  },
  execute(ctx, message) {
    const { spec } = ctx.block;
    const newOwner = parseAccount(spec, message.newOwner, "new_owner");
    const model = resolveModel(ctx.store, spec, message.model);
    const { manifest } = model;
    const { modelRoot, owner } = manifest;
    const offered = transfers.get(ctx.store, modelRoot);
    if (offered === undefined || !equalBytes(offered, newOwner)) {
      throw inferenceError(
        "noTransfer",
        `${modelName(manifest)} (${toHex(modelRoot)}) is not offered to ${message.newOwner}`,
      );
    }
    requireFreeVersion(ctx.store, newOwner, manifest);
    transfers.delete(ctx.store, modelRoot);
    const moved = { ...manifest, owner: newOwner };
    models.set(ctx.store, modelRoot, { ...model, manifest: moved });
    removeVersion(ctx, manifest);
    addVersion(ctx, moved);
    ctx.emit(
      "model_transferred",
      ["model", toHex(modelRoot)],
      ["owner", accountText(spec, owner)],
      ["new_owner", message.newOwner],
    );
    return {};
  },
};

export const transferModelMessage = messageType(transferModel);
export const acceptModelMessage = messageType(acceptModel);
