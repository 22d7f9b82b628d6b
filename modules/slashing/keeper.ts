import type { Context } from "../../chain/module.ts";
import type { StateReader } from "../../state/store.ts";
import { consensusText } from "../addresses.ts";
import { jail, slash, tombstone, type ValidatorRecord, validatorByOperator } from "../staking/keeper.ts";
import { noteFault } from "./correlation.ts";
import { slashingParams } from "./params.ts";
import { type SigningInfo, signingInfos } from "./store.ts";

export { type Presence, presence } from "./presence.ts";

/** 9999-12-31T23:59:59Z, what Cosmos clients take for never. */
export const FOR_EVER = 253_402_300_799_000;

const EMPTY: SigningInfo = { bondHeight: 0, startHeight: 0, window: 0, missed: 0, jailedUntil: 0 };

/** The record of a validator that has none yet is empty. */
export function signingInfo(reader: StateReader, operator: Uint8Array): SigningInfo {
  return signingInfos.get(reader, operator) ?? EMPTY;
}

/** Slashes and jails, with the event that says so. The validator must exist. */
export function punish(
  ctx: Context,
  operator: Uint8Array,
  validator: ValidatorRecord,
  fault: { readonly reason: string; readonly height: number; readonly power: bigint; readonly fractionPpm: bigint },
): void {
  const address = consensusText(ctx.block.spec, validator.identityKey);
  const burnt = slash(ctx, operator, fault.height, fault.power, fault.fractionPpm);
  jail(ctx, operator);
  ctx.emit(
    "slash",
    ["address", address],
    ["power", fault.power.toString()],
    ["reason", fault.reason],
    ["jailed", address],
    ["burned_coins", burnt.toString()],
  );
}

/**
 * A fault of voting, proven: slashes, jails and bars the validator for ever. Once, whatever is proven in whatever form:
 * whoever is tombstoned has no more to lose by it, since all that was signed before was answered for. No effect on a
 * validator that is gone.
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
  if (validator === undefined || validator.tombstoned) return;
  const { slashFractionAmnesia, slashFractionDoubleSign } = slashingParams.read(ctx.block.params);
  const fractionPpm = fault.reason === "amnesia" ? slashFractionAmnesia : slashFractionDoubleSign;
  punish(ctx, operator, validator, { ...fault, fractionPpm });
  noteFault(ctx, operator, "safety", fault);
  tombstone(ctx, operator);
  signingInfos.set(ctx.store, operator, { ...signingInfo(ctx.store, operator), jailedUntil: FOR_EVER });
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
