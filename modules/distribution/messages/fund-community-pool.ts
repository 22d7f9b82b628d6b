import { MsgFundCommunityPool, MsgFundCommunityPoolResponse } from "cosmjs-types/cosmos/distribution/v1beta1/tx";
import { type MessageType, messageType } from "../../../chain/module.ts";
import { parseAccount } from "../../addresses.ts";
import { formatCoins } from "../../bank/keeper.ts";
import { fundCommunityPool } from "../community-pool.ts";
import { givenCoins } from "../messages.ts";

/** Gives coins, of any denomination, to the community pool. */
const fund: MessageType<MsgFundCommunityPool, MsgFundCommunityPoolResponse> = {
  typeUrl: MsgFundCommunityPool.typeUrl,
  responseTypeUrl: MsgFundCommunityPoolResponse.typeUrl,
  decode: (reader) => MsgFundCommunityPool.decode(reader),
  encodeResponse: (response) => MsgFundCommunityPoolResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.depositor, "depositor")],
  validate(message) {
    givenCoins(message.amount);
  },
  execute(ctx, message) {
    const coins = givenCoins(message.amount);
    fundCommunityPool(ctx, parseAccount(ctx.block.spec, message.depositor, "depositor"), coins);
    ctx.emit("fund_community_pool", ["amount", formatCoins(coins)], ["depositor", message.depositor]);
    return {};
  },
};

export const fundCommunityPoolMessage = messageType(fund);
