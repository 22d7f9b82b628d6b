import { authzRows } from "./authz.ts";
import { bankRows } from "./bank.ts";
import { distributionRows } from "./distribution.ts";
import { feegrantRows } from "./feegrant.ts";
import { govRows } from "./gov.ts";
import { inferenceRows } from "./inference.ts";
import type { TxRow } from "./row.ts";
import { slashingRows } from "./slashing.ts";
import { stakingRows } from "./staking.ts";

/** Every transaction that the command line makes, in the order in which help lists them. */
export const TX_ROWS: readonly TxRow[] = [
  ...bankRows,
  ...stakingRows,
  ...slashingRows,
  ...inferenceRows,
  ...distributionRows,
  ...govRows,
  ...authzRows,
  ...feegrantRows,
];
