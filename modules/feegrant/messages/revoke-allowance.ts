import { MsgRevokeAllowance, MsgRevokeAllowanceResponse } from "cosmjs-types/cosmos/feegrant/v1beta1/tx";
import { sdkError } from "../../../chain/errors.ts";
import { type MessageType, messageType } from "../../../chain/module.ts";
import { parseAccount } from "../../addresses.ts";
import { emitAllowance, getAllowance, removeAllowance } from "../keeper.ts";
import { partiesOf } from "./grant-allowance.ts";

/** Takes an allowance back. */
const revokeAllowance: MessageType<MsgRevokeAllowance, MsgRevokeAllowanceResponse> = {
  typeUrl: MsgRevokeAllowance.typeUrl,
  responseTypeUrl: MsgRevokeAllowanceResponse.typeUrl,
  decode: (reader) => MsgRevokeAllowance.decode(reader),
  encodeResponse: (response) => MsgRevokeAllowanceResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.granter, "granter")],
  validate(message, spec) {
    partiesOf(message, spec);
  },
  execute(ctx, message) {
    const parties = partiesOf(message, ctx.block.spec);
    if (getAllowance(ctx.store, parties) === undefined) throw sdkError("notFound", "fee-grant not found");
    removeAllowance(ctx, parties);
    emitAllowance(ctx, "revoke_feegrant", parties);
    return {};
  },
};

export const revokeAllowanceMessage = messageType(revokeAllowance);
