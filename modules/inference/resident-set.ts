import { equalBytes, fromUtf8, toHex } from "../../chain/bytes.ts";
import { readRotation } from "../../chain/executor/chain-state.ts";
import type { Context } from "../../chain/module.ts";
import { proposerIndex } from "../../chain/proposer-rotation.ts";
import { inferenceError } from "./errors.ts";
import type { ModelManifest } from "./manifest.ts";
import { inferenceParams } from "./params.ts";
import { type ModelRecord, models, residentModels, residentSet, strikes } from "./store.ts";

/**
 * The resident set: models that may run inline, which every validator holds loaded and warm. A model has its place from its registration on,
 * until its admission fails or its strikes are too many.
 */

const EMPTY = { models: 0, bytes: 0 };

/** @throws TxError inference 15 */
export function takePlace(ctx: Context, manifest: ModelManifest): void {
  if (!manifest.inline) return;
  const { inlineMaxModels, inlineMaxModelBytes } = inferenceParams.read(ctx.block.params);
  const before = residentSet.get(ctx.store) ?? EMPTY;
  const after = { models: before.models + 1, bytes: before.bytes + manifest.modelBytes };
  if (after.models > Number(inlineMaxModels)) {
    throw inferenceError("residentSetFull", `${before.models} models run inline, at most ${inlineMaxModels}`);
  }
  if (after.bytes > Number(inlineMaxModelBytes)) {
    throw inferenceError(
      "residentSetFull",
      `models of ${before.bytes} bytes run inline and this one has ${manifest.modelBytes}, at most ${inlineMaxModelBytes}`,
    );
  }
  residentSet.set(ctx.store, after);
  residentModels.set(ctx.store, manifest.modelRoot, 1);
}

export function leavePlace(ctx: Context, manifest: ModelManifest): void {
  if (!manifest.inline) return;
  const { models: count, bytes } = residentSet.get(ctx.store) ?? EMPTY;
  residentSet.set(ctx.store, { models: count - 1, bytes: bytes - manifest.modelBytes });
  residentModels.delete(ctx.store, manifest.modelRoot);
  strikes.delete(ctx.store, manifest.modelRoot);
}

/** Whether its requests may ask for the inline lane. */
export function isResident({ manifest, inlineOutHeight }: ModelRecord): boolean {
  return manifest.inline && inlineOutHeight === 0;
}

/** Whether it is out of the lane for a while: its requests get attested jobs, and no strike. */
export function isPaused(ctx: Context, modelRoot: Uint8Array): boolean {
  const record = strikes.get(ctx.store, modelRoot);
  return record !== undefined && ctx.block.height <= record.paused;
}

/** Doublings of the pause, at most. */
const MAX_DOUBLINGS = 10;

function powerOf(ctx: Context, operators: readonly Uint8Array[]): bigint {
  const members = ctx.block.validators.filter(({ operator }) => operators.some((each) => equalBytes(each, operator)));
  return members.reduce((sum, { power }) => sum + power, 0n);
}

/**
 * @param proposer of the round 0 that failed. It counts once: who fails his own rounds on purpose, or is away, can pause a model but not drive
 *   it out, since that takes proposers with more than a third of the power, of whom one at least is correct.
 */
function strike(ctx: Context, modelRoot: Uint8Array, proposer: Uint8Array): void {
  const model = models.get(ctx.store, modelRoot);
  if (model === undefined || !isResident(model)) return;
  const { height, validators } = ctx.block;
  const { inlineStrikes, inlineStrikeWindow, inlinePause } = inferenceParams.read(ctx.block.params);
  const before = strikes.get(ctx.store, modelRoot);
  const kept = before === undefined || before.height + Number(inlineStrikeWindow) < height ? [] : before.proposers;
  const proposers = kept.some((each) => equalBytes(each, proposer)) ? kept : [...kept, proposer];
  const names = [["model", toHex(modelRoot)] as const, ["name", fromUtf8(model.manifest.name)] as const];
  ctx.emit("inline_strike", ...names, ["proposers", String(proposers.length)]);
  const total = validators.reduce((sum, { power }) => sum + power, 0n);
  if (proposers.length < Number(inlineStrikes) || 3n * powerOf(ctx, proposers) <= total) {
    const pause = Number(inlinePause) * 2 ** Math.min(proposers.length - 1, MAX_DOUBLINGS);
    strikes.set(ctx.store, modelRoot, { height, paused: height + pause, proposers });
    return;
  }
  leavePlace(ctx, model.manifest);
  models.set(ctx.store, modelRoot, { ...model, inlineOutHeight: height });
  ctx.emit("inline_out", ...names);
}

/**
 * A strike for each model whose run was asked for in a block of a later round: one that diverges or stalls costs a round now and then, ever
 * more seldom, and then nothing.
 */
export function giveStrikes(ctx: Context): void {
  const { demoted } = ctx.block.inline;
  if (demoted.length === 0) return;
  const rotation = readRotation(ctx.store);
  const first = rotation.validators[proposerIndex(rotation, 0)];
  if (first === undefined) throw new Error("round 0 had no proposer");
  for (const modelRoot of demoted) strike(ctx, modelRoot, first.operator);
}
