import type { Module } from "../../chain/module.ts";
import { storedTypes } from "../../state/collections.ts";
import { genesis } from "./genesis.ts";
import { createPeriodicVestingMessage } from "./messages/create-periodic-vesting-account.ts";
import { createPermanentLockedMessage } from "./messages/create-permanent-locked-account.ts";
import { createVestingMessage } from "./messages/create-vesting-account.ts";
import { authParams } from "./params.ts";
import { queries } from "./queries.ts";
import * as store from "./store.ts";
import { pruneNonces } from "./unordered.ts";

export const authModule: Module = {
  name: "auth",
  params: authParams,
  messages: [createVestingMessage, createPermanentLockedMessage, createPeriodicVestingMessage],
  queries,
  stored: storedTypes(store),
  genesis,
  endBlock(ctx) {
    pruneNonces(ctx);
    return undefined;
  },
};
