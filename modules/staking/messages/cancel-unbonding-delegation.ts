import {
  MsgCancelUnbondingDelegation,
  MsgCancelUnbondingDelegationResponse,
} from "cosmjs-types/cosmos/staking/v1beta1/tx";
import { sdkError } from "../../../chain/errors.ts";
import { type MessageType, messageType } from "../../../chain/module.ts";
import { accountText, operatorText, parseAccount, parseOperator } from "../../addresses.ts";
import { delegate, requireValidator } from "../delegations.ts";
import { stakingError } from "../errors.ts";
import { stakeAmount } from "../messages.ts";
import { NOT_BONDED_POOL } from "../pools.ts";
import { unbondings } from "../store.ts";
import { saveEntries } from "../unbonding.ts";

/** Delegates unbonding stake again to the validator it came from. */
const cancel: MessageType<MsgCancelUnbondingDelegation, MsgCancelUnbondingDelegationResponse> = {
  typeUrl: MsgCancelUnbondingDelegation.typeUrl,
  responseTypeUrl: MsgCancelUnbondingDelegationResponse.typeUrl,
  decode: (reader) => MsgCancelUnbondingDelegation.decode(reader),
  encodeResponse: (response) => MsgCancelUnbondingDelegationResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.delegatorAddress, "delegator")],
  validate(message, spec) {
    parseOperator(spec, message.validatorAddress);
    stakeAmount(message.amount, spec);
    if (message.creationHeight <= 0n) throw sdkError("invalidRequest", "invalid height");
  },
  execute(ctx, message) {
    const { spec, time } = ctx.block;
    const delegator = parseAccount(spec, message.delegatorAddress, "delegator");
    const operator = parseOperator(spec, message.validatorAddress);
    const amount = stakeAmount(message.amount, spec);
    const validator = requireValidator(ctx, operator);
    if (validator.jailed) throw sdkError("invalidRequest", `${message.validatorAddress} is jailed`);
    const entries = unbondings.get(ctx.store, [delegator, operator]) ?? [];
    const index = entries.findIndex(
      (entry) => BigInt(entry.creationHeight) === message.creationHeight && entry.completionTime > time,
    );
    const entry = entries[index];
    if (entry === undefined) throw stakingError("noUnbonding", `created at block height ${message.creationHeight}`);
    if (amount > entry.balance) {
      throw sdkError(
        "invalidRequest",
        `amount ${amount} is greater than the unbonding delegation entry balance ${entry.balance}`,
      );
    }
    const balance = entry.balance - amount;
    // What is still unbonding answers for its own part only; what is delegated again answers as a delegation.
    const initialBalance = entry.initialBalance > amount ? entry.initialBalance - amount : 0n;
    const left = entries.map((other, i) => (i === index ? { ...entry, balance, initialBalance } : other));
    saveEntries(
      ctx,
      delegator,
      operator,
      entries,
      left.filter((other, i) => i !== index || other.balance > 0n),
    );
    delegate(ctx, delegator, operator, amount, NOT_BONDED_POOL);
    ctx.emit(
      "cancel_unbonding_delegation",
      ["amount", `${amount}${spec.denom}`],
      ["validator", operatorText(spec, operator)],
      ["delegator", accountText(spec, delegator)],
      ["creation_height", message.creationHeight.toString()],
    );
    return {};
  },
};

export const cancelUnbondingDelegationMessage = messageType(cancel);
