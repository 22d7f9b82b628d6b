import { concatBytes } from "../../chain/bytes.ts";
import type { Context } from "../../chain/module.ts";
import { heightKey } from "../../state/collections.ts";
import type { StateReader } from "../../state/store.ts";
import { operatorText } from "../addresses.ts";
import { slash } from "../staking/keeper.ts";
import { slashingParams } from "./params.ts";
import { FAULT, faults, faultTotals } from "./store.ts";

/** `safety`: what breaks agreement. `downtime`: what only delays it. */
export type FaultClass = keyof typeof FAULT;

/** Faults that are settled with each block at most; what is more waits, and pays the same. */
const SETTLED_PER_BLOCK = 64;

const classKey = (kind: FaultClass): Uint8Array => Uint8Array.of(FAULT[kind]);

/**
 * What a fault costs for those that came with it, in ppm of the stake at the infraction: `most × min(1, multiplier × faulty / total)`,
 * rounded down. One that stands alone counts itself, so that an operator gains nothing by dividing its stake among validators.
 * @param faulty power that failed in the window.
 */
export function correlationPpm(most: bigint, multiplier: bigint, faulty: bigint, total: bigint): bigint {
  if (total <= 0n) return 0n;
  const weighted = multiplier * faulty;
  return weighted >= total ? most : (most * weighted) / total;
}

function rates(ctx: Context, kind: FaultClass): { readonly most: bigint; readonly multiplier: bigint } {
  const params = slashingParams.read(ctx.block.params);
  return kind === "safety"
    ? { most: params.slashFractionCorrelation, multiplier: params.correlationMultiplier }
    : { most: params.slashFractionDowntime, multiplier: params.downtimeCorrelationMultiplier };
}

/** Power that had failed before a height since the chain began, as far as it still counts for anyone. */
function totalBefore(reader: StateReader, kind: FaultClass, height: number): bigint {
  const within = classKey(kind);
  // Under height 0 is what the sums that are gone came to.
  const before = concatBytes(within, heightKey.encode(Math.max(height, 1)));
  return faultTotals.entries(reader, { within, before, reverse: true, limit: 1 })[0]?.[1] ?? 0n;
}

/**
 * Notes a fault that has just been punished by itself. Nothing is kept where correlation costs nothing.
 * @param before of the same validator and kind, if this one is only dearer: what was noted for it and waits, gives way to this one.
 * @returns the height under which it is noted.
 */
export function noteFault(
  ctx: Context,
  operator: Uint8Array,
  kind: FaultClass,
  fault: { readonly height: number; readonly power: bigint },
  before?: { readonly power: bigint; readonly faultHeight: number },
): number {
  const { most, multiplier } = rates(ctx, kind);
  const { height, validators } = ctx.block;
  const kept = before?.faultHeight ?? height;
  if (most === 0n || multiplier === 0n) return kept;
  const more = fault.power - (before?.power ?? 0n);
  if (more <= 0n) return kept;
  const total = validators.reduce((sum, { power }) => sum + power, 0n);
  const keyAt = (at: number) => [at, [classKey(kind), operator]] as const;
  const waiting = before === undefined ? undefined : faults.get(ctx.store, keyAt(kept));
  const noted = waiting === undefined ? height : kept;
  // Who has paid for the first already, pays for what this one is more.
  const power = before === undefined || waiting !== undefined ? fault.power : more;
  faults.set(ctx.store, keyAt(noted), { height: fault.height, power, total: waiting?.total ?? total });
  faultTotals.set(ctx.store, [classKey(kind), height], totalBefore(ctx.store, kind, height + 1) + more);
  return noted;
}

/**
 * Sums that no window begins with any more go, two for each class and call, as many as can be added meanwhile. What they came to is kept under
 * height 0: a window may be made longer, and must not count then what it no longer can tell apart.
 */
function prune(ctx: Context, window: number): void {
  const oldest = faults.entries(ctx.store, { limit: 1 })[0]?.[0][0] ?? ctx.block.height;
  for (const kind of ["safety", "downtime"] as const) {
    const within = classKey(kind);
    const before = concatBytes(within, heightKey.encode(Math.max(oldest - window, 0)));
    const old = faultTotals.entries(ctx.store, { within, before, limit: 4 });
    // The last of them is what the windows' sums begin at.
    const gone = old.slice(0, -1);
    const last = gone.at(-1);
    if (last === undefined) continue;
    for (const [key] of gone) faultTotals.delete(ctx.store, key);
    faultTotals.set(ctx.store, [within, 0], last[1]);
  }
}

/**
 * Collects what is due for correlation: `correlationWindow` blocks after a fault was punished, when all that failed within so many blocks
 * before and after it is known. It is taken from what still answers for the infraction.
 * PERF: two seeks and a slash for each fault, as many slashes as the faults' own block had.
 */
export function settleFaults(ctx: Context): void {
  const window = Number(slashingParams.read(ctx.block.params).correlationWindow);
  const before = heightKey.encode(Math.max(ctx.block.height - window, 0));
  const due = faults.entries(ctx.store, { before, limit: SETTLED_PER_BLOCK });
  for (const [key, { height, power, total }] of due) {
    const [at, [kindKey, operator]] = key;
    faults.delete(ctx.store, key);
    const kind: FaultClass = kindKey[0] === FAULT.safety ? "safety" : "downtime";
    const { most, multiplier } = rates(ctx, kind);
    const sum = totalBefore(ctx.store, kind, at + window + 1) - totalBefore(ctx.store, kind, at - window);
    const fraction = correlationPpm(most, multiplier, sum, total);
    if (fraction === 0n) continue;
    const burnt = slash(ctx, operator, height, power, fraction);
    ctx.emit(
      "correlation_penalty",
      ["validator", operatorText(ctx.block.spec, operator)],
      ["class", kind],
      ["height", height.toString()],
      ["faulty_power", sum.toString()],
      ["total_power", total.toString()],
      ["fraction_ppm", fraction.toString()],
      ["burned_coins", burnt.toString()],
    );
  }
  if (due.length > 0) prune(ctx, window);
}
