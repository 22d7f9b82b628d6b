import type { Module } from "../../chain/module.ts";
import { storedTypes } from "../../state/collections.ts";
import { settleFaults } from "./correlation.ts";
import { handleEvidence } from "./evidence.ts";
import { genesis } from "./genesis.ts";
import { countPrecommits } from "./liveness.ts";
import { unjailMessage } from "./messages/unjail.ts";
import { slashingParams } from "./params.ts";
import { queries } from "./queries.ts";
import * as store from "./store.ts";

export const slashingModule: Module = {
  name: "slashing",
  params: slashingParams,
  messages: [unjailMessage],
  queries,
  stored: storedTypes(store),
  genesis,
  beginBlock(ctx, input) {
    settleFaults(ctx);
    countPrecommits(ctx, input.lastCommit);
    handleEvidence(ctx, input);
  },
};
