import type { Module } from "../../chain/module.ts";
import { handleDuplicateVote } from "./evidence.ts";
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
    for (const vote of input.duplicateVotes) handleDuplicateVote(ctx, vote);
  },
};
