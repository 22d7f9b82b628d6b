import type { Context } from "../../chain/module.ts";
import type { StateReader } from "../../state/store.ts";
import { consensusText } from "../addresses.ts";
import {
  jail,
  type Slashed,
  slashBeyond,
  tombstone,
  type ValidatorRecord,
  validatorByOperator,
} from "../staking/keeper.ts";
import { noteFault } from "./correlation.ts";
import { slashingParams } from "./params.ts";
import { type Bar, bars, type SigningInfo, signingInfos } from "./store.ts";

export { type Presence, presence } from "./presence.ts";

/** 9999-12-31T23:59:59Z, what Cosmos clients take for never. */
export const FOR_EVER = 253_402_300_799_000;

const EMPTY: SigningInfo = { bondHeight: 0, startHeight: 0, window: 0, missed: 0, jailedUntil: 0 };

/** The record of a validator that has none yet is empty. */
export function signingInfo(reader: StateReader, operator: Uint8Array): SigningInfo {
  return signingInfos.get(reader, operator) ?? EMPTY;
}

/** A fault to be punished. `power` is the voting power at `height`. */
interface PunishedFault {
  readonly reason: string;
  readonly height: number;
  readonly power: bigint;
  readonly fractionPpm: bigint;
}

/** Slashes and jails, with the event that says so. The validator must exist. @param paid for an earlier fault of the kind. */
export function punish(
  ctx: Context,
  operator: Uint8Array,
  validator: ValidatorRecord,
  fault: PunishedFault,
  paid?: Bar,
): Slashed {
  const address = consensusText(ctx.block.spec, validator.identityKey);
  const slashed = slashBeyond(ctx, operator, fault, paid);
  jail(ctx, operator);
  ctx.emit(
    "slash",
    ["address", address],
    ["power", fault.power.toString()],
    ["reason", fault.reason],
    ["jailed", address],
    ["burned_coins", slashed.burnt.toString()],
  );
  return slashed;
}

const greater = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/**
 * A fault of voting, proven: slashes, jails and bars the validator for ever. Whatever is proven in whatever form is paid for once: whoever is
 * barred pays for another fault only what that costs more, having had more stake. So nobody can make a cheap fault answer for a dear
 * one by being the first to report it. No effect on a validator that is gone.
 * @param fault `power` is the voting power at `height`.
 */
export function bar(
  ctx: Context,
  operator: Uint8Array,
  fault: {
    readonly reason: "double_sign" | "light_client_attack" | "amnesia";
    readonly height: number;
    readonly power: bigint;
  },
): void {
  const validator = validatorByOperator(ctx.store, operator);
  if (validator === undefined) return;
  const { slashFractionAmnesia, slashFractionDoubleSign } = slashingParams.read(ctx.block.params);
  const fractionPpm = fault.reason === "amnesia" ? slashFractionAmnesia : slashFractionDoubleSign;
  const paid = bars.get(ctx.store, operator);
  const costsMore = paid !== undefined && fault.power * fractionPpm > paid.power * paid.fractionPpm;
  if (validator.tombstoned && !costsMore) return;
  const { own } = punish(ctx, operator, validator, { ...fault, fractionPpm }, paid);
  const faultHeight = noteFault(ctx, operator, "safety", fault, paid);
  tombstone(ctx, operator);
  signingInfos.set(ctx.store, operator, { ...signingInfo(ctx.store, operator), jailedUntil: FOR_EVER });
  bars.set(ctx.store, operator, {
    power: greater(fault.power, paid?.power ?? 0n),
    fractionPpm: greater(fractionPpm, paid?.fractionPpm ?? 0n),
    own: own + (paid?.own ?? 0n),
    height: Math.min(fault.height, paid?.height ?? fault.height),
    faultHeight,
  });
}

/** What a fault of voting costs, in ppm of the stake: by itself, and at most for its correlation with others. */
export function safetyPenalties(params: Context["block"]["params"]): {
  readonly fault: bigint;
  readonly correlation: bigint;
  readonly multiplier: bigint;
} {
  const { slashFractionDoubleSign, slashFractionCorrelation, correlationMultiplier } = slashingParams.read(params);
  return { fault: slashFractionDoubleSign, correlation: slashFractionCorrelation, multiplier: correlationMultiplier };
}

/** @param powerAtInfraction voting power at `infractionHeight`. */
export function punishEquivocation(
  ctx: Context,
  operator: Uint8Array,
  infractionHeight: number,
  powerAtInfraction: bigint,
): void {
  bar(ctx, operator, { reason: "double_sign", height: infractionHeight, power: powerAtInfraction });
}
