import type { Module } from "../../chain/module.ts";
import { handleEvidence } from "./evidence.ts";
import { genesis } from "./genesis.ts";
import { countPrecommits } from "./liveness.ts";
import { unjailMessage } from "./messages/unjail.ts";
import { slashingParams } from "./params.ts";
import { queries } from "./queries.ts";

export const slashingModule: Module = {
  name: "slashing",
  params: slashingParams,
  messages: [unjailMessage],
  queries,
  genesis,
  beginBlock(ctx, input) {
    countPrecommits(ctx, input.lastCommit);
    handleEvidence(ctx, input);
  },
};
