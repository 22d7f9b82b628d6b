import { GenericAuthorization } from "cosmjs-types/cosmos/authz/v1beta1/authz";
import { MsgExec, MsgGrant, MsgRevoke } from "cosmjs-types/cosmos/authz/v1beta1/tx";
import { SendAuthorization } from "cosmjs-types/cosmos/bank/v1beta1/authz";
import { AuthorizationType, StakeAuthorization } from "cosmjs-types/cosmos/staking/v1beta1/authz";
import type { Any } from "cosmjs-types/google/protobuf/any";
import { UserError } from "../../user-error.ts";
import { address, choice, coin, coins, file, listOf, operator, optional, time, words } from "./kinds.ts";
import { given, message, type TxRow, txRow } from "./row.ts";
import { readTxFile } from "./tx-file.ts";

const STAKE_TYPES = {
  delegate: AuthorizationType.AUTHORIZATION_TYPE_DELEGATE,
  unbond: AuthorizationType.AUTHORIZATION_TYPE_UNDELEGATE,
  redelegate: AuthorizationType.AUTHORIZATION_TYPE_REDELEGATE,
} as const;

const grant = txRow({
  path: "authz grant",
  summary: "lets another account send some of one's own messages",
  args: { grantee: address, kind: choice("generic", "send", "delegate", "unbond", "redelegate") },
  flags: {
    "msg-type": optional(words, "for generic: the message, such as /cosmos.gov.v1.MsgVote"),
    "spend-limit": optional(coins, "for send: the most that may be sent in all"),
    "allow-list": optional(listOf(address), "for send: the only accounts that may receive"),
    "max-tokens": optional(coin, "for stake: the most in all"),
    "allowed-validators": optional(listOf(operator), "for stake: the only validators"),
    "deny-validators": optional(listOf(operator), "for stake: all validators but these"),
    expiration: optional(time, "when it ends"),
  },
  messages(values, { address: granter }) {
    const { grantee, kind, expiration } = values;
    const authorization = ((): Any => {
      if (kind === "generic") {
        const msg = values["msg-type"];
        if (msg === undefined) throw new UserError("tx authz grant: generic needs --msg-type");
        return { typeUrl: GenericAuthorization.typeUrl, value: GenericAuthorization.encode({ msg }).finish() };
      }
      if (kind === "send") {
        const spendLimit = values["spend-limit"];
        if (spendLimit === undefined) throw new UserError("tx authz grant: send needs --spend-limit");
        const value = SendAuthorization.encode({ spendLimit, allowList: values["allow-list"] ?? [] }).finish();
        return { typeUrl: SendAuthorization.typeUrl, value };
      }
      const allowed = values["allowed-validators"];
      const denied = values["deny-validators"];
      if ((allowed === undefined) === (denied === undefined)) {
        throw new UserError(`tx authz grant: ${kind} needs either --allowed-validators or --deny-validators`);
      }
      const stake = StakeAuthorization.fromPartial({
        authorizationType: STAKE_TYPES[kind],
        ...given({
          maxTokens: values["max-tokens"],
          allowList: allowed === undefined ? undefined : { address: allowed },
          denyList: denied === undefined ? undefined : { address: denied },
        }),
      });
      return { typeUrl: StakeAuthorization.typeUrl, value: StakeAuthorization.encode(stake).finish() };
    })();
    return [
      message(MsgGrant, MsgGrant.fromPartial({ granter, grantee, grant: { authorization, ...given({ expiration }) } })),
    ];
  },
});

export const authzRows: readonly TxRow[] = [
  grant,
  txRow({
    path: "authz revoke",
    summary: "takes a grant back",
    args: { grantee: address, "message-type": words },
    messages: (values, { address: granter }) => [
      message(
        MsgRevoke,
        MsgRevoke.fromPartial({ granter, grantee: values.grantee, msgTypeUrl: values["message-type"] }),
      ),
    ],
  }),
  txRow({
    path: "authz exec",
    summary: "sends the messages of a file that --generate-only made, in the name of who signs them",
    args: { transaction: file },
    messages: ({ transaction }, { address: grantee }) => [
      message(MsgExec, MsgExec.fromPartial({ grantee, msgs: readTxFile(transaction).body.messages })),
    ],
  }),
];
