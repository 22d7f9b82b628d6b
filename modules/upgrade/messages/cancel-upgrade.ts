import { MsgCancelUpgrade, MsgCancelUpgradeResponse } from "cosmjs-types/cosmos/upgrade/v1beta1/tx";
import { type MessageType, messageType } from "../../../chain/module.ts";
import { parseAccount } from "../../addresses.ts";
import { requireAuthority } from "../../auth/keeper.ts";
import { cancelUpgrade } from "../keeper.ts";

/** Calls off the upgrade that is planned. */
const cancel: MessageType<MsgCancelUpgrade, MsgCancelUpgradeResponse> = {
  typeUrl: MsgCancelUpgrade.typeUrl,
  responseTypeUrl: MsgCancelUpgradeResponse.typeUrl,
  decode: (reader) => MsgCancelUpgrade.decode(reader),
  encodeResponse: (response) => MsgCancelUpgradeResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.authority, "authority")],
  validate: () => undefined,
  execute(ctx, message) {
    requireAuthority(ctx.block.spec, message.authority);
    cancelUpgrade(ctx);
    return {};
  },
};

export const cancelUpgradeMessage = messageType(cancel);
