import { fromUtf8, utf8 } from "../../chain/bytes.ts";
import { InvalidBlockError, sdkError } from "../../chain/errors.ts";
import type { Context } from "../../chain/module.ts";
import type { StateReader } from "../../state/store.ts";
import type { UpgradeHandlers } from "./handlers.ts";
import { appliedPlans, currentPlan, LIMITS } from "./store.ts";

export interface UpgradePlan {
  /** What a build knows the upgrade by. */
  readonly name: string;
  /** The first block under its rules. */
  readonly height: number;
  /** For operators: what to install, a URL or a text. */
  readonly info: string;
}

/** What a build knows, and what its operator wants. */
export interface UpgradePolicy {
  readonly handlers: UpgradeHandlers;
  /** At these heights the node goes on without the upgrade that is planned there. Two thirds of the stake have to agree. */
  readonly skipHeights: ReadonlySet<number>;
}

export function plannedUpgrade(reader: StateReader): UpgradePlan | undefined {
  const plan = currentPlan.get(reader);
  return plan && { name: fromUtf8(plan.name), height: plan.height, info: fromUtf8(plan.info) };
}

/** The first height under the rules of an upgrade; undefined before it. For rules that an upgrade changes. */
export function appliedAt(reader: StateReader, name: string): number | undefined {
  return appliedPlans.get(reader, name);
}

/** Upgrades that the chain has gone through and these handlers do not know, by name. */
export function unknownUpgrades(reader: StateReader, handlers: UpgradeHandlers): { name: string; height: number }[] {
  return appliedPlans
    .entries(reader)
    .filter(([name]) => !handlers.has(name))
    .map(([name, height]) => ({ name, height }));
}

/** @throws TxError sdk 18 */
export function checkPlan({ name, height, info }: UpgradePlan): void {
  if (name === "") throw sdkError("invalidRequest", "name cannot be empty");
  if (utf8(name).length > LIMITS.name) throw sdkError("invalidRequest", `a name of more than ${LIMITS.name} bytes`);
  if (utf8(info).length > LIMITS.info) throw sdkError("invalidRequest", `an info of more than ${LIMITS.info} bytes`);
  if (height <= 0) throw sdkError("invalidRequest", "height must be greater than 0");
}

/** Plans an upgrade, instead of the one that was planned. @throws TxError sdk 18 */
export function scheduleUpgrade(ctx: Context, plan: UpgradePlan): void {
  checkPlan(plan);
  const { name, height, info } = plan;
  if (height <= ctx.block.height) throw sdkError("invalidRequest", "upgrade cannot be scheduled in the past");
  if (appliedAt(ctx.store, name) !== undefined) {
    throw sdkError("invalidRequest", `upgrade with name ${name} has already been completed`);
  }
  currentPlan.set(ctx.store, { name: utf8(name), height, info: utf8(info) });
  ctx.emit("upgrade_planned", ["name", name], ["height", height.toString()]);
}

/** Calls a planned upgrade off, if there is one. */
export function cancelUpgrade(ctx: Context): void {
  const plan = plannedUpgrade(ctx.store);
  if (plan === undefined) return;
  currentPlan.delete(ctx.store);
  ctx.emit("upgrade_cancelled", ["name", plan.name], ["height", plan.height.toString()]);
}

/**
 * Before anything else of a block: the upgrade that is due.
 * @throws InvalidBlockError when this build does not know it. A node stops before that (node/upgrade.ts), so it only ever
 *   meets such a block as a proposal or a mistake.
 */
export function applyDueUpgrade(ctx: Context, { handlers, skipHeights }: UpgradePolicy): void {
  const plan = plannedUpgrade(ctx.store);
  if (plan === undefined || ctx.block.height < plan.height) return;
  const attributes = [["name", plan.name] as const, ["height", plan.height.toString()] as const];
  if (skipHeights.has(plan.height)) {
    currentPlan.delete(ctx.store);
    ctx.emit("upgrade_skipped", ...attributes);
    return;
  }
  const handler = handlers.get(plan.name);
  if (handler === undefined) throw new InvalidBlockError(`this build does not know the upgrade "${plan.name}"`);
  handler(ctx);
  currentPlan.delete(ctx.store);
  appliedPlans.set(ctx.store, plan.name, ctx.block.height);
  ctx.emit("upgrade_applied", ...attributes);
}
