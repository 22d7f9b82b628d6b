import {
  MsgWithdrawDelegatorReward,
  MsgWithdrawDelegatorRewardResponse,
} from "cosmjs-types/cosmos/distribution/v1beta1/tx";
import { type MessageType, messageType } from "../../../chain/module.ts";
import { parseAccount, parseOperator } from "../../addresses.ts";
import { delegatedShares, validatorByOperator } from "../../staking/keeper.ts";
import { distributionError } from "../errors.ts";
import { settleDelegation } from "../keeper.ts";
import { paidCoins } from "../messages.ts";

/** Pays a delegator what its delegation to a validator has earned, nothing included. */
const withdraw: MessageType<MsgWithdrawDelegatorReward, MsgWithdrawDelegatorRewardResponse> = {
  typeUrl: MsgWithdrawDelegatorReward.typeUrl,
  responseTypeUrl: MsgWithdrawDelegatorRewardResponse.typeUrl,
  decode: (reader) => MsgWithdrawDelegatorReward.decode(reader),
  encodeResponse: (response) => MsgWithdrawDelegatorRewardResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.delegatorAddress, "delegator")],
  validate(message, spec) {
    parseOperator(spec, message.validatorAddress);
  },
  execute(ctx, message) {
    const { spec } = ctx.block;
    const delegator = parseAccount(spec, message.delegatorAddress, "delegator");
    const operator = parseOperator(spec, message.validatorAddress);
    if (validatorByOperator(ctx.store, operator) === undefined) {
      throw distributionError("noValidator", message.validatorAddress);
    }
    const shares = delegatedShares(ctx.store, delegator, operator);
    if (shares === 0n) {
      throw distributionError("noDelegation", `${message.delegatorAddress}, ${message.validatorAddress}`);
    }
    return { amount: paidCoins(spec, settleDelegation(ctx, delegator, operator, shares, shares)) };
  },
};

export const withdrawDelegatorRewardMessage = messageType(withdraw);
