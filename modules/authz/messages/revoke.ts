import { MsgRevoke, MsgRevokeResponse } from "cosmjs-types/cosmos/authz/v1beta1/tx";
import { sdkError } from "../../../chain/errors.ts";
import { type MessageType, messageType } from "../../../chain/module.ts";
import { parseAccount } from "../../addresses.ts";
import { authzError } from "../errors.ts";
import { emitGrant, hasGrant, removeGrant } from "../keeper.ts";
import { partiesOf } from "./grant.ts";

/** Takes an authorisation back. */
const revoke: MessageType<MsgRevoke, MsgRevokeResponse> = {
  typeUrl: MsgRevoke.typeUrl,
  responseTypeUrl: MsgRevokeResponse.typeUrl,
  decode: (reader) => MsgRevoke.decode(reader),
  encodeResponse: (response) => MsgRevokeResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.granter, "granter")],
  validate(message, spec) {
    partiesOf(message, spec);
    if (message.msgTypeUrl === "") throw sdkError("invalidRequest", "missing msg type url");
  },
  execute(ctx, message) {
    const grant = { ...partiesOf(message, ctx.block.spec), message: message.msgTypeUrl };
    if (!hasGrant(ctx.store, grant)) {
      throw authzError("noAuthorization", `failed to delete grant with key ${message.msgTypeUrl.slice(0, 130)}`);
    }
    removeGrant(ctx, grant);
    emitGrant(ctx, "EventRevoke", grant);
    return {};
  },
};

export const revokeMessage = messageType(revoke);
