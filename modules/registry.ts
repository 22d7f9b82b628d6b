import type { Module } from "../chain/module.ts";
import { authModule } from "./auth/module.ts";
import { bankModule } from "./bank/module.ts";
import { inferenceModule } from "./inference/module.ts";
import { slashingModule } from "./slashing/module.ts";
import { stakingModule } from "./staking/module.ts";

/** Every module, in the order in which genesis, the begin and the end of a block call them. */
export const modules: readonly Module[] = [authModule, bankModule, stakingModule, slashingModule, inferenceModule];
