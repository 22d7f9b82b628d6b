import type { Module } from "../../chain/module.ts";
import { storedTypes } from "../../state/collections.ts";
import { genesis } from "./genesis.ts";
import { pruneAllowances } from "./keeper.ts";
import { grantAllowanceMessage } from "./messages/grant-allowance.ts";
import { pruneAllowancesMessage } from "./messages/prune-allowances.ts";
import { revokeAllowanceMessage } from "./messages/revoke-allowance.ts";
import { feegrantParams } from "./params.ts";
import { queries } from "./queries.ts";
import * as store from "./store.ts";

export const feegrantModule: Module = {
  name: "feegrant",
  params: feegrantParams,
  messages: [grantAllowanceMessage, revokeAllowanceMessage, pruneAllowancesMessage],
  queries,
  stored: storedTypes(store),
  genesis,
  endBlock(ctx) {
    pruneAllowances(ctx, Number(feegrantParams.read(ctx.block.params).maxPrunedPerBlock));
    return undefined;
  },
};
