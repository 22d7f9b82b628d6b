import { MAX_TIERS } from "../../../modules/inference/manifest.ts";
import { MsgSetInferenceTiers } from "../../../proto/inference.ts";
import { UserError } from "../../user-error.ts";
import type { Kind } from "./kinds.ts";
import { message, type TxRow, txRow } from "./row.ts";

const tiers: Kind<readonly number[]> = {
  shape: "tiers",
  parse(text) {
    if (text === "none") return [];
    return text.split(",").map((part) => {
      if (/^[0-9]$/.test(part) && Number(part) < MAX_TIERS) return Number(part);
      throw new UserError(
        `must be numbers up to ${MAX_TIERS - 1} with commas between them, or none, not "${text.slice(0, 40)}"`,
      );
    });
  },
};

export const inferenceRows: readonly TxRow[] = [
  txRow({
    path: "inference set-tiers",
    summary: "says which tiers of models this validator runs, from the next block on",
    args: { tiers },
    messages: (values, { operator }) => [
      message(MsgSetInferenceTiers, MsgSetInferenceTiers.fromPartial({ operator, tiers: [...values.tiers] })),
    ],
  }),
];
