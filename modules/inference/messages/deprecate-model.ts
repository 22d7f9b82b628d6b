import { toHex } from "../../../chain/bytes.ts";
import { type MessageType, messageType } from "../../../chain/module.ts";
import { MsgDeprecateModel, MsgDeprecateModelResponse } from "../../../proto/inference.ts";
import { parseAccount } from "../../addresses.ts";
import { deprecate } from "../deprecation.ts";
import { inferenceError } from "../errors.ts";
import { modelName, requireOwner, resolveModel } from "../models.ts";
import { MODEL_STATUS } from "../store.ts";

/** Takes a model out of use for good. Requests are refused from here on and told its successor; jobs that are open end as they would have. */
const deprecateModel: MessageType<MsgDeprecateModel, MsgDeprecateModelResponse> = {
  typeUrl: MsgDeprecateModel.typeUrl,
  responseTypeUrl: MsgDeprecateModelResponse.typeUrl,
  decode: (reader) => MsgDeprecateModel.decode(reader),
  encodeResponse: (response) => MsgDeprecateModelResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.owner, "owner")],
  validate(message) {
    if (message.model === "") throw inferenceError("unknownModel", "no model was named");
  },
  execute(ctx, message) {
    const { spec } = ctx.block;
    const model = resolveModel(ctx.store, spec, message.model);
    requireOwner(model, parseAccount(spec, message.owner, "owner"));
    const { modelRoot } = model.manifest;
    if (model.status !== MODEL_STATUS.active) {
      throw inferenceError("inactiveModel", `${modelName(model.manifest)} (${toHex(modelRoot)}) is not active`);
    }
    const successor = message.successor === "" ? undefined : resolveModel(ctx.store, spec, message.successor);
    const next = successor?.manifest.modelRoot;
    if (
      successor !== undefined &&
      (successor.status !== MODEL_STATUS.active ||
        successor === model ||
        toHex(successor.manifest.modelRoot) === toHex(modelRoot))
    ) {
      throw inferenceError(
        "inactiveModel",
        `${message.successor.slice(0, 120)} can't succeed it: another model that is active can`,
      );
    }
    const depositHeight = deprecate(ctx, model, next);
    ctx.emit(
      "model_deprecated",
      ["model", toHex(modelRoot)],
      ["owner", message.owner],
      ["successor", next === undefined ? "" : toHex(next)],
      ["deposit_height", String(depositHeight)],
    );
    return { depositHeight: BigInt(depositHeight) };
  },
};

export const deprecateModelMessage = messageType(deprecateModel);
