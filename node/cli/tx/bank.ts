import { MsgMultiSend, MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import type { Coin } from "cosmjs-types/cosmos/base/v1beta1/coin";
import { UserError } from "../../user-error.ts";
import { address, coins, type Kind, several } from "./kinds.ts";
import { message, type TxRow, txRow } from "./row.ts";

interface Payment {
  readonly address: string;
  readonly coins: Coin[];
}

const payment: Kind<Payment> = {
  shape: "address:amounts",
  parse(text) {
    const [to = "", amounts, ...rest] = text.split(":");
    if (amounts === undefined || rest.length > 0) {
      throw new UserError(`a payment is an address, a colon and amounts, not "${text.slice(0, 100)}"`);
    }
    return { address: address.parse(to), coins: coins.parse(amounts) };
  },
};

function sum(payments: readonly Payment[]): Coin[] {
  const totals = new Map<string, bigint>();
  for (const { denom, amount } of payments.flatMap((one) => one.coins)) {
    totals.set(denom, (totals.get(denom) ?? 0n) + BigInt(amount));
  }
  const denoms = [...totals.keys()].sort();
  return denoms.map((denom) => ({ denom, amount: (totals.get(denom) ?? 0n).toString() }));
}

export const bankRows: readonly TxRow[] = [
  txRow({
    path: "bank send",
    summary: "sends coins to an account",
    args: { to: address, amount: coins },
    messages: ({ to, amount }, sender) => [
      message(MsgSend, MsgSend.fromPartial({ fromAddress: sender.address, toAddress: to, amount })),
    ],
  }),
  txRow({
    path: "bank multi-send",
    summary: "sends coins to several accounts at once",
    args: { payments: several(payment) },
    messages({ payments }, sender) {
      const inputs = [{ address: sender.address, coins: sum(payments) }];
      return [message(MsgMultiSend, MsgMultiSend.fromPartial({ inputs, outputs: payments }))];
    },
  }),
];
