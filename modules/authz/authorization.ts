import { GenericAuthorization } from "cosmjs-types/cosmos/authz/v1beta1/authz";
import { SendAuthorization } from "cosmjs-types/cosmos/bank/v1beta1/authz";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { AuthorizationType, StakeAuthorization } from "cosmjs-types/cosmos/staking/v1beta1/authz";
import {
  MsgBeginRedelegate,
  MsgCancelUnbondingDelegation,
  MsgDelegate,
  MsgUndelegate,
} from "cosmjs-types/cosmos/staking/v1beta1/tx";
import type { Any } from "cosmjs-types/google/protobuf/any";
import { parseCoins } from "../../chain/decode-tx.ts";
import { sdkError } from "../../chain/errors.ts";
import type { ChainSpec } from "../../chain/module.ts";
import { strictReader } from "../../chain/strict-reader.ts";
import type { Coin } from "../../chain/tx.ts";
import { parseAccount, parseOperator } from "../addresses.ts";
import { authzError } from "./errors.ts";
import { MAX_AUTHORIZATION_BYTES } from "./store.ts";

/** Whether a message of this type may be sent at all. */
export interface Generic {
  readonly kind: "generic";
  readonly message: string;
}

/** Coins that may be sent, and to whom; to anybody if nobody is listed. */
export interface Send {
  readonly kind: "send";
  readonly spendLimit: readonly Coin[];
  readonly allowList: readonly string[];
}

/** Stake that may be moved: how much, and with which validators. */
export interface Stake {
  readonly kind: "stake";
  readonly message: string;
  /** Undefined for any amount. */
  readonly maxTokens: Coin | undefined;
  readonly list: { readonly isAllowed: boolean; readonly validators: readonly string[] };
}

export type Authorization = Generic | Send | Stake;

const MAX_COINS = 8;
const MAX_LISTED = 100;
const TYPE_URL = /^\/[\w.]{1,127}$/;

/** What each type of a StakeAuthorization is for. */
const STAKE_MESSAGES: ReadonlyMap<AuthorizationType, string> = new Map([
  [AuthorizationType.AUTHORIZATION_TYPE_DELEGATE, MsgDelegate.typeUrl],
  [AuthorizationType.AUTHORIZATION_TYPE_UNDELEGATE, MsgUndelegate.typeUrl],
  [AuthorizationType.AUTHORIZATION_TYPE_REDELEGATE, MsgBeginRedelegate.typeUrl],
  [AuthorizationType.AUTHORIZATION_TYPE_CANCEL_UNBONDING_DELEGATION, MsgCancelUnbondingDelegation.typeUrl],
]);

function listed(addresses: readonly string[], check: (address: string) => unknown): readonly string[] {
  if (addresses.length > MAX_LISTED) {
    throw sdkError("invalidRequest", `a list of ${addresses.length} addresses, at most ${MAX_LISTED}`);
  }
  for (const address of addresses) check(address);
  if (new Set(addresses).size < addresses.length) throw sdkError("invalidRequest", "duplicate entry in the list");
  return addresses;
}

function parseGeneric({ msg }: GenericAuthorization): Generic {
  if (!TYPE_URL.test(msg)) throw sdkError("invalidType", `"${msg.slice(0, 130)}" is no type URL of a message`);
  return { kind: "generic", message: msg };
}

function parseSend({ spendLimit, allowList }: SendAuthorization, spec: Pick<ChainSpec, "prefix">): Send {
  if (spendLimit.length > MAX_COINS) throw sdkError("invalidCoins", `a limit of ${spendLimit.length} denominations`);
  const coins = parseCoins(spendLimit);
  if (coins.length === 0) throw sdkError("invalidCoins", "spend limit cannot be nil");
  return {
    kind: "send",
    spendLimit: coins,
    allowList: listed(allowList, (address) => parseAccount(spec, address, "allowed recipient")),
  };
}

function parseStake(message: StakeAuthorization, spec: Pick<ChainSpec, "prefix">): Stake {
  const typeUrl = STAKE_MESSAGES.get(message.authorizationType);
  if (typeUrl === undefined) throw authzError("unknownAuthorization", `type ${message.authorizationType}`);
  const { maxTokens, allowList, denyList } = message;
  if (allowList !== undefined && denyList !== undefined) {
    throw sdkError("invalidRequest", "cannot set both allowed & deny list");
  }
  if (allowList === undefined && denyList === undefined) {
    throw sdkError("invalidRequest", "invalid authorization: both allowed and deny lists are empty");
  }
  if (maxTokens !== undefined && !/^[1-9]/.test(maxTokens.amount)) {
    throw authzError("maxTokens", `negative coin amount: ${maxTokens.amount.slice(0, 50)}`);
  }
  return {
    kind: "stake",
    message: typeUrl,
    maxTokens: maxTokens === undefined ? undefined : parseCoins([maxTokens])[0],
    list: {
      isAllowed: allowList !== undefined,
      validators: listed((allowList ?? denyList)?.address ?? [], (address) => parseOperator(spec, address)),
    },
  };
}

function decoded<T>(typeUrl: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw sdkError("txParse", `${typeUrl}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** @throws TxError sdk 2, 7, 10, 18 and 29, authz 4 and 12 */
export function parseAuthorization({ typeUrl, value }: Any, spec: Pick<ChainSpec, "prefix">): Authorization {
  if (value.length > MAX_AUTHORIZATION_BYTES) {
    throw sdkError("invalidRequest", `an authorization of ${value.length} bytes, at most ${MAX_AUTHORIZATION_BYTES}`);
  }
  switch (typeUrl) {
    case GenericAuthorization.typeUrl:
      return parseGeneric(decoded(typeUrl, () => GenericAuthorization.decode(strictReader(value))));
    case SendAuthorization.typeUrl:
      return parseSend(
        decoded(typeUrl, () => SendAuthorization.decode(strictReader(value))),
        spec,
      );
    case StakeAuthorization.typeUrl:
      return parseStake(
        decoded(typeUrl, () => StakeAuthorization.decode(strictReader(value))),
        spec,
      );
    default:
      throw authzError("unknownAuthorization", typeUrl.slice(0, 200));
  }
}

/** The type URL of the message that it is for. */
export function authorizedMessage(authorization: Authorization): string {
  return authorization.kind === "send" ? MsgSend.typeUrl : authorization.message;
}

const toMessage = ({ denom, amount }: Coin) => ({ denom, amount: amount.toString() });

function stakeMessage({ message, maxTokens, list }: Stake): StakeAuthorization {
  const addresses = { address: [...list.validators] };
  const authorizationType = [...STAKE_MESSAGES].find(([, typeUrl]) => typeUrl === message)?.[0];
  return {
    authorizationType: authorizationType ?? AuthorizationType.AUTHORIZATION_TYPE_UNSPECIFIED,
    ...(maxTokens === undefined ? {} : { maxTokens: toMessage(maxTokens) }),
    ...(list.isAllowed ? { allowList: addresses } : { denyList: addresses }),
  };
}

export function authorizationAny(authorization: Authorization): Any {
  switch (authorization.kind) {
    case "generic": {
      const value = GenericAuthorization.encode({ msg: authorization.message }).finish();
      return { typeUrl: GenericAuthorization.typeUrl, value };
    }
    case "send": {
      const { spendLimit, allowList } = authorization;
      const message = { spendLimit: spendLimit.map(toMessage), allowList: [...allowList] };
      return { typeUrl: SendAuthorization.typeUrl, value: SendAuthorization.encode(message).finish() };
    }
    case "stake":
      return {
        typeUrl: StakeAuthorization.typeUrl,
        value: StakeAuthorization.encode(stakeMessage(authorization)).finish(),
      };
  }
}
