import { MsgBeginRedelegate, MsgBeginRedelegateResponse } from "cosmjs-types/cosmos/staking/v1beta1/tx";
import { type MessageType, messageType } from "../../../chain/module.ts";
import { accountText, operatorText, parseAccount, parseOperator } from "../../addresses.ts";
import { formatTime, protobufTime } from "../../timestamps.ts";
import { stakeAmount } from "../messages.ts";
import { redelegate } from "../redelegation.ts";

/** Moves stake to another validator; it stays answerable for the one it leaves. */
const beginRedelegate: MessageType<MsgBeginRedelegate, MsgBeginRedelegateResponse> = {
  typeUrl: MsgBeginRedelegate.typeUrl,
  responseTypeUrl: MsgBeginRedelegateResponse.typeUrl,
  decode: (reader) => MsgBeginRedelegate.decode(reader),
  encodeResponse: (response) => MsgBeginRedelegateResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.delegatorAddress, "delegator")],
  validate(message, spec) {
    parseOperator(spec, message.validatorSrcAddress, "source validator");
    parseOperator(spec, message.validatorDstAddress, "destination validator");
    stakeAmount(message.amount, spec);
  },
  execute(ctx, message) {
    const { spec } = ctx.block;
    const delegator = parseAccount(spec, message.delegatorAddress, "delegator");
    const source = parseOperator(spec, message.validatorSrcAddress, "source validator");
    const destination = parseOperator(spec, message.validatorDstAddress, "destination validator");
    const amount = stakeAmount(message.amount, spec);
    const { tokens, completionTime } = redelegate(ctx, { delegator, source, destination }, amount);
    ctx.emit(
      "redelegate",
      ["source_validator", operatorText(spec, source)],
      ["destination_validator", operatorText(spec, destination)],
      ["delegator", accountText(spec, delegator)],
      ["amount", `${tokens}${spec.denom}`],
      ["completion_time", formatTime(completionTime)],
    );
    return { completionTime: protobufTime(completionTime) };
  },
};

export const beginRedelegateMessage = messageType(beginRedelegate);
