import { equalBytes, fromHex, fromUtf8, toHex, utf8 } from "../../chain/bytes.ts";
import { decodeAddress } from "../../chain/crypto/bech32.ts";
import type { ChainSpec, Context } from "../../chain/module.ts";
import type { StateReader } from "../../state/store.ts";
import { accountText } from "../addresses.ts";
import { moduleAddress } from "../auth/keeper.ts";
import { burn } from "../bank/keeper.ts";
import { isTolerant } from "./classes.ts";
import { inferenceError } from "./errors.ts";
import type { ModelManifest } from "./manifest.ts";
import { leavePlace } from "./resident-set.ts";
import { generatedWaiting, MODEL_STATUS, type ModelRecord, models, names } from "./store.ts";
import { bucketMs, bucketUnits } from "./time-buckets.ts";
import { addVersion, nameHash, refreshName, removeVersion, versionRoot } from "./versions.ts";

/** Where fees and deposits are held. */
export const ESCROW = moduleAddress("inference_escrow");

/** More owners of one name than this are not listed in an error. */
const MAX_LISTED_OWNERS = 5;

export function modelByRoot(reader: StateReader, root: Uint8Array): ModelRecord | undefined {
  return models.get(reader, root);
}

export function modelName(manifest: ModelManifest): string {
  return fromUtf8(manifest.name);
}

function rootByName(reader: StateReader, spec: ChainSpec, name: string): Uint8Array {
  const found = names.entries(reader, { within: nameHash(name), limit: MAX_LISTED_OWNERS + 1 });
  const [first] = found;
  if (first === undefined) throw inferenceError("unknownModel", `no model has the name "${name}"`);
  if (found.length === 1) return first[1];
  const owners = found.slice(0, MAX_LISTED_OWNERS).map(([[, owner]]) => accountText(spec, owner));
  const more = found.length > MAX_LISTED_OWNERS ? " and others" : "";
  throw inferenceError(
    "ambiguousModel",
    `"${name}" is a model of ${owners.join(", ")}${more}; write <owner>/${name} or the model's root`,
  );
}

/** The owner's newest version of the name, or the one that is named. */
function ofOwner(reader: StateReader, owner: Uint8Array, name: string, version: string | undefined) {
  return version === undefined ? names.get(reader, [nameHash(name), owner]) : versionRoot(reader, owner, name, version);
}

/**
 * The model that a request means: 64 hex digits of its root, `<owner>/<name>`, or a name that one owner alone uses. `@<version>` after a name says which of its versions,
 * without it the newest active one is meant.
 * @throws TxError inference 2 for none, 3 for a name of several owners.
 */
export function resolveModel(reader: StateReader, spec: ChainSpec, text: string): ModelRecord {
  const shown = text.slice(0, 120);
  let root: Uint8Array | undefined;
  const [path = "", version, ...rest] = text.split("@");
  const [owner, name, ...more] = path.split("/");
  if (rest.length > 0) {
    root = undefined;
  } else if (/^[0-9a-fA-F]{64}$/.test(text)) {
    root = fromHex(text);
  } else if (owner !== undefined && name !== undefined && more.length === 0) {
    const address = decodeAddress(spec.prefix, owner);
    if (address !== undefined) root = ofOwner(reader, address, name, version);
  } else if (more.length === 0 && text.length <= 120) {
    root = rootByName(reader, spec, path);
    const found = version === undefined ? undefined : models.get(reader, root);
    if (version !== undefined) root = found && ofOwner(reader, found.manifest.owner, path, version);
  }
  const model = root === undefined ? undefined : models.get(reader, root);
  if (model === undefined) throw inferenceError("unknownModel", `there is no model "${shown}"`);
  return model;
}

/** A model that is known to be there. */
export function requireModelRecord(reader: StateReader, root: Uint8Array): ModelRecord {
  const model = models.get(reader, root);
  if (model === undefined) throw new Error(`the model ${toHex(root)} is not in the state`);
  return model;
}

/** @throws TxError inference 52 */
export function requireOwner({ manifest }: ModelRecord, account: Uint8Array): void {
  if (equalBytes(manifest.owner, account)) return;
  throw inferenceError("notOwner", `${modelName(manifest)} (${toHex(manifest.modelRoot)}) is another account's`);
}

export function saveNewModel(ctx: Context, model: ModelRecord): void {
  const { manifest } = model;
  models.set(ctx.store, manifest.modelRoot, model);
  addVersion(ctx, manifest);
}

function describe(ctx: Context, manifest: ModelManifest): (readonly [string, string])[] {
  return [
    ["model", toHex(manifest.modelRoot)],
    ["owner", accountText(ctx.block.spec, manifest.owner)],
    ["name", modelName(manifest)],
  ];
}

/** The model an admission job is about, unless its admission has been decided, or it was registered anew since. */
function underAdmission(ctx: Context, modelRoot: Uint8Array, registeredHeight: number): ModelRecord | undefined {
  const model = models.get(ctx.store, modelRoot);
  const open = model?.status === MODEL_STATUS.registered && model.registeredHeight === registeredHeight;
  return open ? model : undefined;
}

/**
 * A probe of the model, or a generated input, became final on an output. After the last one the model is active, and what a run costs is fixed by
 * the slowest of them.
 * @param bucket that the committee measured.
 */
export function passProbe(ctx: Context, modelRoot: Uint8Array, registeredHeight: number, bucket: number): void {
  const model = underAdmission(ctx, modelRoot, registeredHeight);
  if (model === undefined) return;
  const pendingProbes = model.pendingProbes - 1;
  const worstBucket = Math.max(model.worstBucket, bucket);
  if (pendingProbes > 0) {
    models.set(ctx.store, modelRoot, { ...model, pendingProbes, worstBucket });
    return;
  }
  // Where nobody commits nobody says how long it took: the cost is that of its size.
  const costUnits = isTolerant(model.manifest) ? model.costUnits : bucketUnits(worstBucket, ctx.block.params);
  models.set(ctx.store, modelRoot, {
    ...model,
    pendingProbes,
    worstBucket,
    costUnits,
    status: MODEL_STATUS.active,
    activeHeight: ctx.block.height,
  });
  refreshName(ctx, model.manifest.owner, modelName(model.manifest));
  const cost = [["run_ms", String(bucketMs(worstBucket))] as const, ["cost_units", String(costUnits)] as const];
  ctx.emit("model_active", ...describe(ctx, model.manifest), ...cost);
}

/** A probe failed: the deposit burns, and name and root are free again. */
export function failAdmission(ctx: Context, modelRoot: Uint8Array, registeredHeight: number, reason: string): void {
  const model = underAdmission(ctx, modelRoot, registeredHeight);
  if (model === undefined) return;
  generatedWaiting.delete(ctx.store, [registeredHeight, modelRoot]);
  const { manifest, deposit } = model;
  burn(ctx, ESCROW, [{ denom: ctx.block.spec.denom, amount: deposit }]);
  leavePlace(ctx, manifest);
  models.set(ctx.store, modelRoot, { ...model, status: MODEL_STATUS.failed, deposit: 0n, failure: utf8(reason) });
  removeVersion(ctx, manifest);
  ctx.emit("model_failed", ...describe(ctx, manifest), ["reason", reason]);
}
