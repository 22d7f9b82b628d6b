import { MsgUndelegate, MsgUndelegateResponse } from "cosmjs-types/cosmos/staking/v1beta1/tx";
import { type MessageType, messageType } from "../../../chain/module.ts";
import { accountText, operatorText, parseAccount, parseOperator } from "../../addresses.ts";
import { formatTime, protobufTime } from "../../timestamps.ts";
import { undelegate } from "../delegations.ts";
import { stakeAmount } from "../messages.ts";
import { BONDED_POOL, moveStake, NOT_BONDED_POOL } from "../pools.ts";
import { BOND } from "../store.ts";
import { beginUnbonding, requireRoom } from "../unbonding.ts";

/** Takes stake out of a delegation; it is paid back after the unbonding time and stays answerable until then. */
const undelegateType: MessageType<MsgUndelegate, MsgUndelegateResponse> = {
  typeUrl: MsgUndelegate.typeUrl,
  responseTypeUrl: MsgUndelegateResponse.typeUrl,
  decode: (reader) => MsgUndelegate.decode(reader),
  encodeResponse: (response) => MsgUndelegateResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.delegatorAddress, "delegator")],
  validate(message, spec) {
    parseOperator(spec, message.validatorAddress);
    stakeAmount(message.amount, spec);
  },
  execute(ctx, message) {
    const { spec } = ctx.block;
    const delegator = parseAccount(spec, message.delegatorAddress, "delegator");
    const operator = parseOperator(spec, message.validatorAddress);
    requireRoom(ctx, delegator, operator);
    const { tokens, validator } = undelegate(ctx, delegator, operator, stakeAmount(message.amount, spec));
    if (validator.status === BOND.bonded) moveStake(ctx, BONDED_POOL, NOT_BONDED_POOL, tokens);
    const completionTime = beginUnbonding(ctx, delegator, operator, tokens);
    ctx.emit(
      "unbond",
      ["validator", operatorText(spec, operator)],
      ["delegator", accountText(spec, delegator)],
      ["amount", `${tokens}${spec.denom}`],
      ["completion_time", formatTime(completionTime)],
    );
    return {
      completionTime: protobufTime(completionTime),
      amount: { denom: spec.denom, amount: tokens.toString() },
    };
  },
};

export const undelegateMessage = messageType(undelegateType);
