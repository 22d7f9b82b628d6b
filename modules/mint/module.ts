import type { Module } from "../../chain/module.ts";
import { storedTypes } from "../../state/collections.ts";
import { genesis } from "./genesis.ts";
import { mintForBlock } from "./keeper.ts";
import { mintParams } from "./params.ts";
import { queries } from "./queries.ts";
import * as store from "./store.ts";

export const mintModule: Module = {
  name: "mint",
  params: mintParams,
  messages: [],
  queries,
  stored: storedTypes(store),
  genesis,
  beginBlock: mintForBlock,
};
