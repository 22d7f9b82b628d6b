import { BitArray } from "@chainsafe/ssz";
import { inBoth } from "../../chain/amnesia.ts";
import { equalBytes, toHex } from "../../chain/bytes.ts";
import { pinHeight, readHeight, readValidators } from "../../chain/executor/chain-state.ts";
import type { Context, PolkaDemand, VerifiedPolka } from "../../chain/module.ts";
import { ZERO_32 } from "../../chain/types/primitives.ts";
import type { ValidatorSet } from "../../chain/types/validator.ts";
import { heightKey } from "../../state/collections.ts";
import type { StateReader } from "../../state/store.ts";
import { consensusText } from "../addresses.ts";
import { bar } from "./keeper.ts";
import { slashingParams } from "./params.ts";
import { Demand, type DemandRecord, deadlines, demands } from "./store.ts";

function bitsOf(indices: readonly number[], size: number): BitArray {
  const bits = BitArray.fromBitLen(size);
  for (const index of indices) bits.set(index, true);
  return bits;
}

function indicesOf(bits: BitArray): number[] {
  return Array.from({ length: bits.bitLen }, (_, index) => index).filter((index) => bits.get(index));
}

function votersOf(reader: StateReader, height: number): ValidatorSet {
  const validators = readValidators(reader, height);
  if (validators === undefined) throw new Error(`the state does not hold the validator set of height ${height}`);
  return validators;
}

function demandOf({ height, blockId, fromRound, toRound, lock }: PolkaDemand): Demand {
  return { height, blockId, fromRound, toRound, lockRound: lock?.round ?? 0, lockBlockId: lock?.blockId ?? ZERO_32 };
}

const keyOf = (demand: Demand) => [demand.height, Demand.hashTreeRoot(demand)] as const;

/** Who of the accused has not been asked for this yet; nobody once it has been answered. */
export function newlyAccused(reader: StateReader, demand: PolkaDemand): readonly number[] {
  const known = demands.get(reader, keyOf(demandOf(demand)));
  if (known === undefined) return demand.accused;
  return known.answered ? [] : demand.accused.filter((index) => !known.accused.get(index));
}

/** Challenges who has not been before: a polka is due within `slashing.amnesiaWindow` blocks. */
export function demandPolka(ctx: Context, asked: PolkaDemand): void {
  const accused = newlyAccused(ctx.store, asked);
  if (accused.length === 0) return;
  const { height, fromRound, toRound } = asked;
  const demand = demandOf(asked);
  const key = keyOf(demand);
  const validators = votersOf(ctx.store, height);
  const known = demands.get(ctx.store, key);
  const all = [...accused, ...(known === undefined ? [] : indicesOf(known.accused))];
  const signers = [...(asked.lock?.signers ?? []), ...(known === undefined ? [] : indicesOf(known.lockSigners))];
  const size = validators.length;
  demands.set(ctx.store, key, {
    demand,
    accused: bitsOf(all, size),
    lockSigners: bitsOf(signers, size),
    answered: false,
  });
  const deadline = ctx.block.height + Number(slashingParams.read(ctx.block.params).amnesiaWindow);
  deadlines.set(ctx.store, [deadline, key], bitsOf(accused, size));
  // Whoever answers, or does not, is looked up in that set.
  pinHeight(ctx.store, height, deadline + 1);
  for (const index of accused) {
    const validator = validators[index];
    if (validator === undefined) throw new Error(`no validator has the index ${index}`);
    ctx.emit(
      "amnesia_challenge",
      ["address", consensusText(ctx.block.spec, validator.identityKey)],
      ["height", height.toString()],
      ["block_id", toHex(asked.blockId)],
      ["from_round", fromRound.toString()],
      ["to_round", toRound.toString()],
      ["deadline", deadline.toString()],
    );
  }
}

function excuses({ demand, answered }: DemandRecord, { round, blockId }: VerifiedPolka): boolean {
  return !answered && demand.fromRound <= round && round <= demand.toRound && equalBytes(demand.blockId, blockId);
}

/** The open challenges that a polka ends. */
export function endedBy(reader: StateReader, polka: VerifiedPolka): readonly DemandRecord[] {
  const ofHeight = demands.entries(reader, { within: heightKey.encode(polka.height) });
  return ofHeight.flatMap(([, record]) => (excuses(record, polka) ? [record] : []));
}

/**
 * Ends the challenges that the polka answers, for good. Those who made it by prevoting against their own precommit are
 * challenged in turn, for an earlier polka: the rounds that it can be of grow fewer each time, so that in the end either
 * somebody has no answer, or two polkas of one round stand against each other.
 */
export function answer(ctx: Context, polka: VerifiedPolka): void {
  for (const record of endedBy(ctx.store, polka)) {
    const { demand, lockSigners } = record;
    demands.set(ctx.store, keyOf(demand), { ...record, answered: true });
    ctx.emit(
      "amnesia_answered",
      ["height", demand.height.toString()],
      ["block_id", toHex(demand.blockId)],
      ["from_round", demand.fromRound.toString()],
      ["to_round", demand.toRound.toString()],
      ["round", polka.round.toString()],
    );
    const { height, blockId, lockRound, lockBlockId } = demand;
    const locked = indicesOf(lockSigners);
    const accused = inBoth(locked, polka.signers);
    if (polka.round <= lockRound || accused.length === 0) continue;
    const lock = { round: lockRound, blockId: lockBlockId, signers: locked };
    demandPolka(ctx, { height, blockId, fromRound: lockRound, toRound: polka.round - 1, accused, lock });
  }
}

/** Answered challenges forgotten with each block at most: more than one block usually adds. */
const PRUNE_PER_BLOCK = 8;

/** Punishes who has not answered in time, and forgets challenges of heights that nobody can be challenged for any more. */
export function settleDemands(ctx: Context): void {
  for (const [[deadline, key], bits] of deadlines.entries(ctx.store, { before: heightKey.encode(ctx.block.height) })) {
    deadlines.delete(ctx.store, [deadline, key]);
    if (demands.get(ctx.store, key)?.answered !== false) continue;
    const [height] = key;
    const validators = votersOf(ctx.store, height);
    for (const index of indicesOf(bits)) {
      const validator = validators[index];
      if (validator === undefined) throw new Error(`no validator has the index ${index}`);
      bar(ctx, validator.operator, { reason: "amnesia", height, power: validator.power });
    }
  }
  for (const [key] of demands.entries(ctx.store, { limit: PRUNE_PER_BLOCK })) {
    if (readHeight(ctx.store, key[0]) === undefined) demands.delete(ctx.store, key);
  }
}

/** Ends all challenges, open or answered, with nobody punished: for the end of a chain, whose votes count for nothing afterwards. */
export function closeDemands(ctx: Context): void {
  for (const [key] of deadlines.entries(ctx.store)) deadlines.delete(ctx.store, key);
  for (const [key] of demands.entries(ctx.store)) demands.delete(ctx.store, key);
}

/** What polkas are asked for, oldest height first. */
export function openDemands(reader: StateReader): readonly Demand[] {
  const open = new Map<string, Demand>();
  for (const [[, key]] of deadlines.entries(reader)) {
    const record = demands.get(reader, key);
    if (record !== undefined && !record.answered) open.set(toHex(key[1]), record.demand);
  }
  return [...open.values()];
}
