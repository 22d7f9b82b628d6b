import type { Module } from "../../chain/module.ts";
import { storedTypes } from "../../state/collections.ts";
import { genesis } from "./genesis.ts";
import { settleBaseFee } from "./keeper.ts";
import { feemarketParams } from "./params.ts";
import { queries } from "./queries.ts";
import * as store from "./store.ts";

export const feemarketModule: Module = {
  name: "feemarket",
  params: feemarketParams,
  messages: [],
  queries,
  stored: storedTypes(store),
  genesis,
  endBlock(ctx, gasWanted) {
    settleBaseFee(ctx, gasWanted);
    return undefined;
  },
};
