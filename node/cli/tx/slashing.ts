import { MsgUnjail } from "cosmjs-types/cosmos/slashing/v1beta1/tx";
import { message, type TxRow, txRow } from "./row.ts";

export const slashingRows: readonly TxRow[] = [
  txRow({
    path: "slashing unjail",
    summary: "brings a validator back that was jailed for its absence",
    messages: (_, { operator }) => [message(MsgUnjail, MsgUnjail.fromPartial({ validatorAddr: operator }))],
  }),
];
