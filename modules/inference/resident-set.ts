import { fromUtf8, toHex } from "../../chain/bytes.ts";
import type { Context } from "../../chain/module.ts";
import { inferenceError } from "./errors.ts";
import type { ModelManifest } from "./manifest.ts";
import { inferenceParams } from "./params.ts";
import { type ModelRecord, models, residentSet, strikes } from "./store.ts";

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
}

export function leavePlace(ctx: Context, manifest: ModelManifest): void {
  if (!manifest.inline) return;
  const { models: count, bytes } = residentSet.get(ctx.store) ?? EMPTY;
  residentSet.set(ctx.store, { models: count - 1, bytes: bytes - manifest.modelBytes });
  strikes.delete(ctx.store, manifest.modelRoot);
}

/** Whether its requests may ask for the inline lane. */
export function isResident({ manifest, inlineOutHeight }: ModelRecord): boolean {
  return manifest.inline && inlineOutHeight === 0;
}

function strike(ctx: Context, modelRoot: Uint8Array): void {
  const model = models.get(ctx.store, modelRoot);
  if (model === undefined || !isResident(model)) return;
  const { height } = ctx.block;
  const { inlineStrikes, inlineStrikeWindow } = inferenceParams.read(ctx.block.params);
  const before = strikes.get(ctx.store, modelRoot);
  const count = before === undefined || before.height + Number(inlineStrikeWindow) < height ? 1 : before.count + 1;
  const names = [["model", toHex(modelRoot)] as const, ["name", fromUtf8(model.manifest.name)] as const];
  ctx.emit("inline_strike", ...names, ["strikes", String(count)]);
  if (count < Number(inlineStrikes)) {
    strikes.set(ctx.store, modelRoot, { count, height });
    return;
  }
  leavePlace(ctx, model.manifest);
  models.set(ctx.store, modelRoot, { ...model, inlineOutHeight: height });
  ctx.emit("inline_out", ...names);
}

/**
 * A strike for each model whose run was asked for in a block of a later round: one that diverges or stalls costs a round, then nothing. Who
 * stalls rounds for other reasons can give strikes to others, but only while their requests wait, and they are forgotten.
 */
export function giveStrikes(ctx: Context): void {
  for (const modelRoot of ctx.block.inline.demoted) strike(ctx, modelRoot);
}
