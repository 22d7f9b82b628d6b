import type { Module } from "../../chain/module.ts";
import { defineParams } from "../../chain/params.ts";
import { storedTypes } from "../../state/collections.ts";
import { upgradeGenesis } from "./genesis.ts";
import { applyDueUpgrade, type UpgradePolicy } from "./keeper.ts";
import { cancelUpgradeMessage } from "./messages/cancel-upgrade.ts";
import { softwareUpgradeMessage } from "./messages/software-upgrade.ts";
import { queries } from "./queries.ts";
import * as store from "./store.ts";

/**
 * Upgrades of the software at a height that governance sets.
 * @param policy what this build knows and its operator wants.
 * @param modules the names of all modules.
 */
export function upgradeModule(policy: UpgradePolicy, modules: () => readonly string[]): Module {
  return {
    name: "upgrade",
    params: defineParams("upgrade", {}),
    messages: [softwareUpgradeMessage, cancelUpgradeMessage],
    queries,
    stored: storedTypes(store),
    genesis: upgradeGenesis(modules),
    beginBlock: (ctx) => applyDueUpgrade(ctx, policy),
  };
}
