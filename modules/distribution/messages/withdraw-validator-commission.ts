import {
  MsgWithdrawValidatorCommission,
  MsgWithdrawValidatorCommissionResponse,
} from "cosmjs-types/cosmos/distribution/v1beta1/tx";
import { type MessageType, messageType } from "../../../chain/module.ts";
import { parseOperator } from "../../addresses.ts";
import { validatorByOperator } from "../../staking/keeper.ts";
import { distributionError } from "../errors.ts";
import { withdrawCommission } from "../keeper.ts";
import { paidCoins } from "../messages.ts";

/** Pays an operator its commission. */
const withdraw: MessageType<MsgWithdrawValidatorCommission, MsgWithdrawValidatorCommissionResponse> = {
  typeUrl: MsgWithdrawValidatorCommission.typeUrl,
  responseTypeUrl: MsgWithdrawValidatorCommissionResponse.typeUrl,
  decode: (reader) => MsgWithdrawValidatorCommission.decode(reader),
  encodeResponse: (response) => MsgWithdrawValidatorCommissionResponse.encode(response).finish(),
  signers: (message, spec) => [parseOperator(spec, message.validatorAddress)],
  validate: () => undefined,
  execute(ctx, message) {
    const { spec } = ctx.block;
    const operator = parseOperator(spec, message.validatorAddress);
    if (validatorByOperator(ctx.store, operator) === undefined) {
      throw distributionError("noValidator", message.validatorAddress);
    }
    return { amount: paidCoins(spec, withdrawCommission(ctx, operator)) };
  },
};

export const withdrawValidatorCommissionMessage = messageType(withdraw);
