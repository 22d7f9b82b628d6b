import type { Context } from "../../chain/module.ts";
import { moduleVersions } from "./store.ts";

/**
 * What a build does at the height of an upgrade: it brings the state into the form that its rules expect. It runs once, before
 * everything else of that block, and is bound by the rules of a state transition: deterministic, no clock, nothing but the state.
 */
export type UpgradeHandler = (ctx: Context) => void;

/** By the plan's name. */
export type UpgradeHandlers = ReadonlyMap<string, UpgradeHandler>;

/**
 * The upgrades that this build knows. An entry stays for ever: who replays the chain from its start passes each of them, and
 * rules that an upgrade changes ask `appliedAt` (keeper.ts) which of them are in force.
 */
export const UPGRADE_HANDLERS: UpgradeHandlers = new Map();

/** For handlers: the rules of a module are another version from here on. */
export function setModuleVersion(ctx: Context, module: string, version: number): void {
  moduleVersions.set(ctx.store, module, version);
}
