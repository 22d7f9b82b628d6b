import { MsgEditValidator, MsgEditValidatorResponse } from "cosmjs-types/cosmos/staking/v1beta1/tx";
import { type MessageType, messageType } from "../../../chain/module.ts";
import { parseOperator } from "../../addresses.ts";
import { formatDecimal } from "../../decimal.ts";
import { changedCommission, parseRate } from "../commission.ts";
import { requireValidator } from "../delegations.ts";
import { changedDescription, checkDescription } from "../description.ts";
import { stakingError } from "../errors.ts";
import { selfDelegation } from "../keeper.ts";
import { positiveInteger } from "../messages.ts";
import { saveValidator } from "../validators.ts";

/** Changes a validator's description, commission rate and minimum self delegation; an empty text leaves the last two. */
const editValidator: MessageType<MsgEditValidator, MsgEditValidatorResponse> = {
  typeUrl: MsgEditValidator.typeUrl,
  responseTypeUrl: MsgEditValidatorResponse.typeUrl,
  decode: (reader) => MsgEditValidator.decode(reader),
  encodeResponse: (response) => MsgEditValidatorResponse.encode(response).finish(),
  signers: (message, spec) => [parseOperator(spec, message.validatorAddress)],
  validate(message) {
    checkDescription(message.description);
    if (message.commissionRate !== "") parseRate(message.commissionRate);
    if (message.minSelfDelegation !== "") positiveInteger(message.minSelfDelegation, "minimum self delegation");
  },
  execute(ctx, message) {
    const operator = parseOperator(ctx.block.spec, message.validatorAddress);
    const next = { ...requireValidator(ctx, operator) };
    if (message.commissionRate !== "") {
      const rate = parseRate(message.commissionRate);
      next.commission = changedCommission(ctx.block.params, next.commission, rate, ctx.block.time);
    }
    if (message.minSelfDelegation !== "") {
      const minimum = positiveInteger(message.minSelfDelegation, "minimum self delegation");
      if (minimum <= next.minSelfDelegation) {
        throw stakingError("minSelfDelegationDecreased", `${minimum} after ${next.minSelfDelegation}`);
      }
      const own = selfDelegation(ctx.store, operator);
      if (minimum > own) throw stakingError("selfDelegationBelowMinimum", `${own} of ${minimum}`);
      next.minSelfDelegation = minimum;
    }
    next.description = changedDescription(next.description, message.description);
    saveValidator(ctx.store, operator, next);
    ctx.emit(
      "edit_validator",
      ["commission_rate", formatDecimal(next.commission.rate)],
      ["min_self_delegation", next.minSelfDelegation.toString()],
    );
    return {};
  },
};

export const editValidatorMessage = messageType(editValidator);
