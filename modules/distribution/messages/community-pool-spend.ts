import { MsgCommunityPoolSpend, MsgCommunityPoolSpendResponse } from "cosmjs-types/cosmos/distribution/v1beta1/tx";
import { sdkError } from "../../../chain/errors.ts";
import { type MessageType, messageType } from "../../../chain/module.ts";
import { parseAccount } from "../../addresses.ts";
import { moduleAccountAt, requireAuthority } from "../../auth/keeper.ts";
import { communityPoolSpend } from "../community-pool.ts";
import { givenCoins } from "../messages.ts";

/** Pays coins of the community pool to an account. Only governance may. */
const spend: MessageType<MsgCommunityPoolSpend, MsgCommunityPoolSpendResponse> = {
  typeUrl: MsgCommunityPoolSpend.typeUrl,
  responseTypeUrl: MsgCommunityPoolSpendResponse.typeUrl,
  decode: (reader) => MsgCommunityPoolSpend.decode(reader),
  encodeResponse: (response) => MsgCommunityPoolSpendResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.authority, "authority")],
  validate(message, spec) {
    parseAccount(spec, message.recipient, "recipient");
    givenCoins(message.amount);
  },
  execute(ctx, message) {
    const { spec } = ctx.block;
    requireAuthority(spec, message.authority);
    const recipient = parseAccount(spec, message.recipient, "recipient");
    if (moduleAccountAt(recipient) !== undefined) {
      throw sdkError("unauthorized", `${message.recipient} is not allowed to receive external funds`);
    }
    communityPoolSpend(ctx, recipient, givenCoins(message.amount));
    return {};
  },
};

export const communityPoolSpendMessage = messageType(spend);
