import type { Module } from "../chain/module.ts";
import { authModule } from "./auth/module.ts";
import { authzModule } from "./authz/module.ts";
import { bankModule } from "./bank/module.ts";
import { distributionModule } from "./distribution/module.ts";
import { feegrantModule } from "./feegrant/module.ts";
import { feemarketModule } from "./feemarket/module.ts";
import { govModule } from "./gov/module.ts";
import { inferenceModule } from "./inference/module.ts";
import { mintModule } from "./mint/module.ts";
import { paramsModule } from "./params/module.ts";
import { securityModule } from "./security/module.ts";
import { slashingModule } from "./slashing/module.ts";
import { stakingModule } from "./staking/module.ts";
import { UPGRADE_HANDLERS } from "./upgrade/handlers.ts";
import type { UpgradePolicy } from "./upgrade/keeper.ts";
import { upgradeModule } from "./upgrade/module.ts";

/**
 * Every module, in the order in which genesis, the begin and the end of a block call them. Upgrades come first: what they do to the state, the
 * others' begin of that block already needs.
 */
export function modulesFor(policy: UpgradePolicy): readonly Module[] {
  const upgrade = upgradeModule(policy, () => all.map(({ name }) => name));
  const tables: readonly Module[] = [
    upgrade,
    authModule,
    authzModule,
    feegrantModule,
    bankModule,
    mintModule,
    stakingModule,
    distributionModule,
    slashingModule,
    feemarketModule,
    securityModule,
    govModule,
  ];
  const all = [...tables, paramsModule([...tables, inferenceModule]), inferenceModule];
  return all;
}

/** Those of this build, which skips no upgrade. */
export const modules: readonly Module[] = modulesFor({ handlers: UPGRADE_HANDLERS, skipHeights: new Set() });
