import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import {
  MsgBeginRedelegate,
  MsgCancelUnbondingDelegation,
  MsgDelegate,
  MsgUndelegate,
} from "cosmjs-types/cosmos/staking/v1beta1/tx";
import type { Any } from "cosmjs-types/google/protobuf/any";
import { parseCoins } from "../../chain/decode-tx.ts";
import { sdkError } from "../../chain/errors.ts";
import { strictReader } from "../../chain/strict-reader.ts";
import type { Coin } from "../../chain/tx.ts";
import type { Authorization, Send, Stake } from "./authorization.ts";

/** What is left of a limit, without zeros. @throws TxError sdk 5 */
function lessCoins(limit: readonly Coin[], spent: readonly Coin[]): readonly Coin[] {
  const left = new Map(limit.map(({ denom, amount }) => [denom, amount]));
  for (const { denom, amount } of spent) {
    const rest = (left.get(denom) ?? 0n) - amount;
    if (rest < 0n) throw sdkError("insufficientFunds", "requested amount is more than spend limit");
    left.set(denom, rest);
  }
  return limit.flatMap(({ denom }) => {
    const amount = left.get(denom) ?? 0n;
    return amount === 0n ? [] : [{ denom, amount }];
  });
}

function acceptSend(authorization: Send, value: Uint8Array): Send | undefined {
  const { toAddress, amount } = MsgSend.decode(strictReader(value));
  const spendLimit = lessCoins(authorization.spendLimit, parseCoins(amount));
  const { allowList } = authorization;
  if (allowList.length > 0 && !allowList.includes(toAddress)) {
    throw sdkError("unauthorized", `cannot send to ${toAddress.slice(0, 100)} address`);
  }
  return spendLimit.length === 0 ? undefined : { ...authorization, spendLimit };
}

/** The validator whose stake grows or shrinks, and by how much. */
function stakeMove({ typeUrl, value }: Any): { readonly validator: string; readonly amount: readonly Coin[] } {
  switch (typeUrl) {
    case MsgBeginRedelegate.typeUrl: {
      const message = MsgBeginRedelegate.decode(strictReader(value));
      return { validator: message.validatorDstAddress, amount: parseCoins([message.amount]) };
    }
    case MsgDelegate.typeUrl:
    case MsgUndelegate.typeUrl:
    case MsgCancelUnbondingDelegation.typeUrl: {
      const codec =
        typeUrl === MsgDelegate.typeUrl
          ? MsgDelegate
          : typeUrl === MsgUndelegate.typeUrl
            ? MsgUndelegate
            : MsgCancelUnbondingDelegation;
      const message = codec.decode(strictReader(value));
      return { validator: message.validatorAddress, amount: parseCoins([message.amount]) };
    }
    default:
      throw sdkError("invalidRequest", "unknown msg type");
  }
}

function acceptStake(authorization: Stake, message: Any): Stake | undefined {
  const { validator, amount } = stakeMove(message);
  const { list, maxTokens } = authorization;
  if (list.validators.includes(validator) !== list.isAllowed) {
    throw sdkError("unauthorized", `cannot delegate/undelegate to ${validator.slice(0, 100)} validator`);
  }
  if (maxTokens === undefined) return authorization;
  const [left] = lessCoins([maxTokens], amount);
  return left === undefined ? undefined : { ...authorization, maxTokens: left };
}

/**
 * What is left of an authorisation after a message, which has been parsed and validated; undefined when it is used up.
 * @throws TxError sdk 4, 5 and 18
 */
export function accept(authorization: Authorization, message: Any): Authorization | undefined {
  switch (authorization.kind) {
    case "generic":
      return authorization;
    case "send":
      return acceptSend(authorization, message.value);
    case "stake":
      return acceptStake(authorization, message);
  }
}
