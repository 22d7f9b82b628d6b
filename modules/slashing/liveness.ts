import type { BlockInput, Context } from "../../chain/module.ts";
import type { StateWriter } from "../../state/store.ts";
import { consensusText } from "../addresses.ts";
import { bondHeight, validatorByOperator } from "../staking/keeper.ts";
import { noteFault } from "./correlation.ts";
import { punish, signingInfo } from "./keeper.ts";
import { slashingParams } from "./params.ts";
import { missedChunks, type SigningInfo, signingInfos } from "./store.ts";

const CHUNK_BITS = 256;
const PPM = 1_000_000n;

/** Sets a bit of the window. @returns whether it was set before. */
function swapMissed(writer: StateWriter, operator: Uint8Array, index: number, missed: boolean): boolean {
  const key = [operator, Math.floor(index / CHUNK_BITS)] as const;
  const chunk = Uint8Array.from(missedChunks.get(writer, key) ?? new Uint8Array(32));
  const at = (index % CHUNK_BITS) >> 3;
  const mask = 1 << (index & 7);
  const byte = chunk[at] ?? 0;
  const before = (byte & mask) !== 0;
  if (before === missed) return before;
  chunk[at] = byte ^ mask;
  if (chunk.some((value) => value !== 0)) missedChunks.set(writer, key, chunk);
  else missedChunks.delete(writer, key);
  return before;
}

function reset(ctx: Context, operator: Uint8Array, info: SigningInfo): SigningInfo {
  for (const [key] of missedChunks.entries(ctx.store, { within: operator })) missedChunks.delete(ctx.store, key);
  signingInfos.set(ctx.store, operator, info);
  return info;
}

/** The record for the validator's present stay in the set and the present window; a new one starts empty. */
function currentInfo(ctx: Context, operator: Uint8Array, bonded: number, window: number): SigningInfo {
  const info = signingInfo(ctx.store, operator);
  if (info.window === window && info.bondHeight === bonded) return info;
  const startHeight = info.bondHeight === bonded && info.window !== 0 ? ctx.block.height - 1 : bonded + 1;
  return reset(ctx, operator, { bondHeight: bonded, startHeight, window, missed: 0, jailedUntil: info.jailedUntil });
}

/** Precommits a validator may miss in a window. */
export function allowedMisses(window: number, minSignedPpm: bigint): number {
  return window - Number((BigInt(window) * minSignedPpm + PPM - 1n) / PPM);
}

function count(ctx: Context, entry: BlockInput["lastCommit"][number]): void {
  const { operator, power } = entry.validator;
  const height = ctx.block.height - 1;
  const bonded = bondHeight(ctx.store, operator);
  // It has left the set at the end of `height`, or has come back since: this height belongs to no present stay.
  if (bonded === undefined || height <= bonded) return;
  const params = slashingParams.read(ctx.block.params);
  const window = Number(params.signedBlocksWindow);
  const info = currentInfo(ctx, operator, bonded, window);
  const offset = height - info.startHeight;
  if (offset < 0) return;
  const before = swapMissed(ctx.store, operator, offset % window, !entry.signed);
  const missed = info.missed + (entry.signed ? 0 : 1) - (before ? 1 : 0);
  if (missed !== info.missed) signingInfos.set(ctx.store, operator, { ...info, missed });
  const validator = validatorByOperator(ctx.store, operator);
  if (entry.signed || validator === undefined) return;
  ctx.emit(
    "liveness",
    ["address", consensusText(ctx.block.spec, validator.identityKey)],
    ["missed_blocks", missed.toString()],
    ["height", ctx.block.height.toString()],
  );
  const full = offset + 1 >= window;
  if (validator.jailed || !full || missed <= allowedMisses(window, params.minSignedPerWindow)) return;
  const fractionPpm = params.slashFractionDowntime;
  punish(ctx, operator, validator, { reason: "missing_signature", height, power, fractionPpm });
  noteFault(ctx, operator, "downtime", { height, power });
  const jailedUntil = ctx.block.time + Number(params.downtimeJailDuration);
  reset(ctx, operator, { ...info, startHeight: ctx.block.height, missed: 0, jailedUntil });
}

/**
 * Counts who precommitted the parent block. Who missed more of a full window than allowed is slashed and jailed.
 * PERF: for each validator that signs, one read of its bonding height, record and chunk, and no write.
 */
export function countPrecommits(ctx: Context, lastCommit: BlockInput["lastCommit"]): void {
  for (const entry of lastCommit) count(ctx, entry);
}
