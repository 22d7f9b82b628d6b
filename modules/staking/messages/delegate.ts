import { MsgDelegate, MsgDelegateResponse } from "cosmjs-types/cosmos/staking/v1beta1/tx";
import { type MessageType, messageType } from "../../../chain/module.ts";
import { parseAccount, parseOperator } from "../../addresses.ts";
import { delegate } from "../delegations.ts";
import { stakeAmount } from "../messages.ts";

/** Gives coins to a validator as stake. */
const delegateType: MessageType<MsgDelegate, MsgDelegateResponse> = {
  typeUrl: MsgDelegate.typeUrl,
  responseTypeUrl: MsgDelegateResponse.typeUrl,
  decode: (reader) => MsgDelegate.decode(reader),
  encodeResponse: (response) => MsgDelegateResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.delegatorAddress, "delegator")],
  validate(message, spec) {
    parseOperator(spec, message.validatorAddress);
    stakeAmount(message.amount, spec);
  },
  execute(ctx, message) {
    const { spec } = ctx.block;
    const delegator = parseAccount(spec, message.delegatorAddress, "delegator");
    delegate(ctx, delegator, parseOperator(spec, message.validatorAddress), stakeAmount(message.amount, spec));
    return {};
  },
};

export const delegateMessage = messageType(delegateType);
