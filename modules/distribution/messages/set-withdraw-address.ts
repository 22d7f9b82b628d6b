import { MsgSetWithdrawAddress, MsgSetWithdrawAddressResponse } from "cosmjs-types/cosmos/distribution/v1beta1/tx";
import { equalBytes } from "../../../chain/bytes.ts";
import { sdkError } from "../../../chain/errors.ts";
import { type MessageType, messageType } from "../../../chain/module.ts";
import { parseAccount } from "../../addresses.ts";
import { moduleAccountAt } from "../../auth/keeper.ts";
import { distributionError } from "../errors.ts";
import { distributionParams } from "../params.ts";
import { withdrawAddresses } from "../store.ts";

/** Names the account that a delegator's rewards, and an operator's commission, are paid to. */
const setWithdrawAddress: MessageType<MsgSetWithdrawAddress, MsgSetWithdrawAddressResponse> = {
  typeUrl: MsgSetWithdrawAddress.typeUrl,
  responseTypeUrl: MsgSetWithdrawAddressResponse.typeUrl,
  decode: (reader) => MsgSetWithdrawAddress.decode(reader),
  encodeResponse: (response) => MsgSetWithdrawAddressResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.delegatorAddress, "delegator")],
  validate(message, spec) {
    parseAccount(spec, message.withdrawAddress, "withdraw address");
  },
  execute(ctx, message) {
    const { spec, params } = ctx.block;
    const delegator = parseAccount(spec, message.delegatorAddress, "delegator");
    const address = parseAccount(spec, message.withdrawAddress, "withdraw address");
    if (moduleAccountAt(address) !== undefined) {
      throw sdkError("unauthorized", `${message.withdrawAddress} is not allowed to receive external funds`);
    }
    if (distributionParams.read(params).withdrawAddressEnabled === 0n) {
      throw distributionError("withdrawAddressDisabled", message.delegatorAddress);
    }
    if (!equalBytes(address, delegator)) withdrawAddresses.set(ctx.store, delegator, address);
    else if (withdrawAddresses.has(ctx.store, delegator)) withdrawAddresses.delete(ctx.store, delegator);
    ctx.emit("set_withdraw_address", ["withdraw_address", message.withdrawAddress]);
    return {};
  },
};

export const setWithdrawAddressMessage = messageType(setWithdrawAddress);
