import { authQueries } from "./auth.ts";
import { authzQueries } from "./authz.ts";
import { bankQueries } from "./bank.ts";
import { chainQueries } from "./chain.ts";
import { distributionQueries } from "./distribution.ts";
import { feegrantQueries } from "./feegrant.ts";
import { govQueries } from "./gov.ts";
import { inferenceRows } from "./inference.ts";
import { mintQueries } from "./mint.ts";
import type { QueryRow } from "./row.ts";
import { slashingQueries } from "./slashing.ts";
import { stakingQueries } from "./staking.ts";
import { upgradeQueries } from "./upgrade.ts";

/** Every question, in the order in which help lists them. */
export const QUERY_ROWS: readonly QueryRow[] = [
  ...chainQueries,
  ...inferenceRows,
  ...authQueries,
  ...bankQueries,
  ...stakingQueries,
  ...distributionQueries,
  ...slashingQueries,
  ...govQueries,
  ...mintQueries,
  ...authzQueries,
  ...feegrantQueries,
  ...upgradeQueries,
];
