import { fromUtf8, toHex } from "../../chain/bytes.ts";
import type { Context } from "../../chain/module.ts";
import { ZERO_32 } from "../../chain/types/primitives.ts";
import { heightKey } from "../../state/collections.ts";
import type { StateReader } from "../../state/store.ts";
import { burn, transfer } from "../bank/keeper.ts";
import { readOpenJobs } from "./jobs.ts";
import { ESCROW, modelName, requireModelRecord } from "./models.ts";
import { inferenceParams } from "./params.ts";
import { isResident, leavePlace } from "./resident-set.ts";
import { depositReturns, deprecations, MODEL_STATUS, type ModelRecord, models } from "./store.ts";
import { refreshName } from "./versions.ts";

/** Deposits returned in one block; the rest follow in the next. */
const MAX_RETURNED = 16;
const MILLION = 1_000_000n;

/** The last block in which a job of now can be open, and its output appealed. One that takes longer puts the return off. */
function returnHeight(ctx: Context): number {
  const { maxDeadline, appealWindow } = inferenceParams.read(ctx.block.params);
  return ctx.block.height + Number(maxDeadline) + Number(appealWindow);
}

/** Takes a model out of use: open jobs go on, there are no new ones. @param successor its root, or undefined */
export function deprecate(ctx: Context, model: ModelRecord, successor: Uint8Array | undefined): number {
  const { manifest } = model;
  const { height } = ctx.block;
  const resident = isResident(model);
  if (resident) leavePlace(ctx, manifest);
  models.set(ctx.store, manifest.modelRoot, {
    ...model,
    status: MODEL_STATUS.deprecated,
    inlineOutHeight: resident ? height : model.inlineOutHeight,
  });
  const depositHeight = returnHeight(ctx);
  deprecations.set(ctx.store, manifest.modelRoot, { height, successor: successor ?? ZERO_32, depositHeight });
  depositReturns.set(ctx.store, [depositHeight, manifest.modelRoot], 1);
  refreshName(ctx, manifest.owner, modelName(manifest));
  return depositHeight;
}

/** What a refusal says of a deprecated model: since when, and what its owner names in its place. */
export function deprecationText(reader: StateReader, model: ModelRecord): string {
  const record = deprecations.get(reader, model.manifest.modelRoot);
  const successor = record && models.get(reader, record.successor);
  const next =
    successor === undefined
      ? "no successor is named"
      : `its successor is ${modelName(successor.manifest)}@${fromUtf8(successor.manifest.version)} (${toHex(successor.manifest.modelRoot)})`;
  return `is deprecated since height ${record?.height ?? 0}; ${next}`;
}

/** Whether nodes have to keep a model's bytes: until nothing that ran on it can be appealed. */
export function keepsBytes(reader: StateReader, model: ModelRecord): boolean {
  if (model.status === MODEL_STATUS.failed) return false;
  if (model.status !== MODEL_STATUS.deprecated) return true;
  const record = deprecations.get(reader, model.manifest.modelRoot);
  return record !== undefined && depositReturns.has(reader, [record.depositHeight, model.manifest.modelRoot]);
}

/** Returns a part of the deposit of each model whose last job can't be appealed any more; the rest burns. */
export function returnDeposits(ctx: Context): void {
  const { height, params, spec } = ctx.block;
  const due = depositReturns.entries(ctx.store, { before: heightKey.encode(height + 1), limit: MAX_RETURNED });
  if (due.length === 0) return;
  const { depositReturnShare, appealWindow } = inferenceParams.read(params);
  const inUse = new Set(readOpenJobs(ctx.store).map(({ job }) => toHex(job.fields.modelRoot)));
  for (const [key] of due) {
    const [, root] = key;
    depositReturns.delete(ctx.store, key);
    const record = deprecations.get(ctx.store, root);
    if (record === undefined) throw new Error(`the model ${toHex(root)} is not deprecated`);
    if (inUse.has(toHex(root))) {
      const depositHeight = height + Number(appealWindow);
      deprecations.set(ctx.store, root, { ...record, depositHeight });
      depositReturns.set(ctx.store, [depositHeight, root], 1);
      continue;
    }
    const model = requireModelRecord(ctx.store, root);
    const returned = (model.deposit * depositReturnShare) / MILLION;
    transfer(ctx, ESCROW, model.manifest.owner, [{ denom: spec.denom, amount: returned }]);
    burn(ctx, ESCROW, [{ denom: spec.denom, amount: model.deposit - returned }]);
    models.set(ctx.store, root, { ...model, deposit: 0n });
    ctx.emit(
      "model_deposit_returned",
      ["model", toHex(root)],
      ["returned", String(returned)],
      ["burnt", String(model.deposit - returned)],
    );
  }
}
