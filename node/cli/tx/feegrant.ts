import { AllowedMsgAllowance, BasicAllowance, PeriodicAllowance } from "cosmjs-types/cosmos/feegrant/v1beta1/feegrant";
import { MsgGrantAllowance, MsgRevokeAllowance } from "cosmjs-types/cosmos/feegrant/v1beta1/tx";
import type { Any } from "cosmjs-types/google/protobuf/any";
import { UserError } from "../../user-error.ts";
import { address, coins, duration, listOf, optional, time, words } from "./kinds.ts";
import { given, message, type TxRow, txRow } from "./row.ts";

export const feegrantRows: readonly TxRow[] = [
  txRow({
    path: "feegrant grant",
    summary: "pays another account's fees",
    args: { grantee: address },
    flags: {
      "spend-limit": optional(coins, "the most in all; without it there is no limit"),
      expiration: optional(time, "when it ends"),
      period: optional(duration, "a time span after which the period's limit starts anew"),
      "period-limit": optional(coins, "the most in each period"),
      "allowed-messages": optional(listOf(words), "the only messages that it pays for, such as /cosmos.gov.v1.MsgVote"),
    },
    messages(values, { address: granter }) {
      const { grantee, expiration, period } = values;
      const limit = values["period-limit"];
      if ((period === undefined) !== (limit === undefined)) {
        throw new UserError("tx feegrant grant: --period and --period-limit go together");
      }
      const basic = BasicAllowance.fromPartial({ spendLimit: values["spend-limit"] ?? [], ...given({ expiration }) });
      const value =
        period === undefined
          ? { typeUrl: BasicAllowance.typeUrl, value: BasicAllowance.encode(basic).finish() }
          : {
              typeUrl: PeriodicAllowance.typeUrl,
              value: PeriodicAllowance.encode(
                PeriodicAllowance.fromPartial({
                  basic,
                  period,
                  periodSpendLimit: limit ?? [],
                  periodCanSpend: limit ?? [],
                }),
              ).finish(),
            };
      const allowedMessages = values["allowed-messages"];
      const allowance: Any =
        allowedMessages === undefined
          ? value
          : {
              typeUrl: AllowedMsgAllowance.typeUrl,
              value: AllowedMsgAllowance.encode({ allowance: value, allowedMessages }).finish(),
            };
      return [message(MsgGrantAllowance, MsgGrantAllowance.fromPartial({ granter, grantee, allowance }))];
    },
  }),
  txRow({
    path: "feegrant revoke",
    summary: "stops paying another account's fees",
    args: { grantee: address },
    messages: ({ grantee }, { address: granter }) => [
      message(MsgRevokeAllowance, MsgRevokeAllowance.fromPartial({ granter, grantee })),
    ],
  }),
];
