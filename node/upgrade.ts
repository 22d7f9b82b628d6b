import { UPGRADE_HANDLERS, type UpgradeHandlers } from "../modules/upgrade/handlers.ts";
import { plannedUpgrade, type UpgradePlan, type UpgradePolicy, unknownUpgrades } from "../modules/upgrade/keeper.ts";
import type { StateReader } from "../state/store.ts";
import type { NodeConfig } from "./config.ts";
import { UserError } from "./user-error.ts";
import { VERSION } from "./version.ts";

/** What the process ends with where other software has to be installed, so that a supervisor can tell it from a failure. */
export const EXIT_UPGRADE = 69;

/** What this build is called, and what it knows of upgrades. */
export interface Build {
  readonly version: string;
  readonly handlers: UpgradeHandlers;
}

export const THIS_BUILD: Build = { version: VERSION, handlers: UPGRADE_HANDLERS };

export function upgradePolicy(build: Build, settings: NodeConfig["upgrade"]): UpgradePolicy {
  return { handlers: build.handlers, skipHeights: new Set(settings.skipHeights.map(Number)) };
}

/** The upgrade that the next block is the first of, if this build can not make that block. */
export function missingUpgrade(
  reader: StateReader,
  tipHeight: number,
  { handlers, skipHeights }: UpgradePolicy,
): UpgradePlan | undefined {
  const plan = plannedUpgrade(reader);
  if (plan === undefined || plan.height !== tipHeight + 1) return undefined;
  return handlers.has(plan.name) || skipHeights.has(plan.height) ? undefined : plan;
}

/** One line that says what to install. */
export function upgradeNeeded({ name, height, info }: UpgradePlan, { version }: Build): UserError {
  const hint = info === "" ? "" : ` (${info})`;
  return new UserError(
    `UPGRADE "${name}" NEEDED at height ${height}${hint}: this is version ${version}, which does not know it. Block ${height - 1} is the last ` +
      "that it takes part in: install the software of the upgrade and start again",
    { exitCode: EXIT_UPGRADE },
  );
}

/**
 * A build that the chain has left behind, or is about to, does not start. One that knows an upgrade which is not due yet does: it runs
 * under the old rules until the height comes.
 * @throws UserError with an exit code of its own
 */
export function refuseWithoutUpgrade(
  reader: StateReader,
  tipHeight: number,
  policy: UpgradePolicy,
  build: Build,
): void {
  const due = missingUpgrade(reader, tipHeight, policy);
  if (due !== undefined) throw upgradeNeeded(due, build);
  const [unknown] = unknownUpgrades(reader, policy.handlers);
  if (unknown === undefined) return;
  throw new UserError(
    `the chain is under the rules of upgrade "${unknown.name}" since height ${unknown.height}, which version ${build.version} does not know: ` +
      "install software that does",
    { exitCode: EXIT_UPGRADE },
  );
}
