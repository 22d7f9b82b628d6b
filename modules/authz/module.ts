import type { Module } from "../../chain/module.ts";
import { storedTypes } from "../../state/collections.ts";
import { genesis } from "./genesis.ts";
import { pruneGrants } from "./keeper.ts";
import { execMessage } from "./messages/exec.ts";
import { grantMessage } from "./messages/grant.ts";
import { revokeMessage } from "./messages/revoke.ts";
import { authzParams } from "./params.ts";
import { queries } from "./queries.ts";
import * as store from "./store.ts";

export const authzModule: Module = {
  name: "authz",
  params: authzParams,
  messages: [grantMessage, revokeMessage, execMessage],
  queries,
  stored: storedTypes(store),
  genesis,
  endBlock(ctx) {
    pruneGrants(ctx, Number(authzParams.read(ctx.block.params).maxPrunedPerBlock));
    return undefined;
  },
};
