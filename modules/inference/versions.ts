import { fromUtf8, toHex, utf8 } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import type { Context } from "../../chain/module.ts";
import type { StateReader } from "../../state/store.ts";
import { inferenceError } from "./errors.ts";
import type { ModelManifest } from "./manifest.ts";
import { MODEL_STATUS, type ModelRecord, models, names, versions } from "./store.ts";

/**
 * Models of one owner and name are versions of each other. The name alone means the newest one that is active; where none is, the newest that is being admitted, or
 * else the newest that is deprecated, so that a refusal says what became of it.
 */

/** Of one owner and name, as finding the newest one reads them all. */
export const MAX_VERSIONS = 64;

export function nameHash(name: string): Uint8Array {
  return sha256(utf8(name));
}

function lineKey(owner: Uint8Array, name: string): Uint8Array {
  return sha256(owner, utf8(name));
}

/** All versions that have not failed, the newest first. PERF: reads at most MAX_VERSIONS models. */
export function versionsOf(reader: StateReader, owner: Uint8Array, name: string): readonly ModelRecord[] {
  const found = versions.entries(reader, { within: lineKey(owner, name) }).flatMap(([, root]) => {
    const model = models.get(reader, root);
    return model === undefined ? [] : [model];
  });
  const root = ({ manifest }: ModelRecord): string => toHex(manifest.modelRoot);
  // Those of one block have no order of their own.
  return found.sort((a, b) => b.registeredHeight - a.registeredHeight || (root(a) < root(b) ? -1 : 1));
}

/** The root of one version. */
export function versionRoot(
  reader: StateReader,
  owner: Uint8Array,
  name: string,
  version: string,
): Uint8Array | undefined {
  return versions.get(reader, [lineKey(owner, name), sha256(utf8(version))]);
}

const PREFERENCE = [MODEL_STATUS.active, MODEL_STATUS.registered, MODEL_STATUS.deprecated] as const;

/** Has the name mean what it should after one of its versions has changed. */
export function refreshName(ctx: Context, owner: Uint8Array, name: string): void {
  const all = versionsOf(ctx.store, owner, name);
  const newest = PREFERENCE.flatMap((status) => all.find((model) => model.status === status) ?? [])[0];
  const key = [nameHash(name), owner] as const;
  if (newest === undefined) names.delete(ctx.store, [...key]);
  else names.set(ctx.store, [...key], newest.manifest.modelRoot);
}

/** @throws TxError inference 5 for a version that there is, 54 for too many */
export function requireFreeVersion(reader: StateReader, owner: Uint8Array, manifest: ModelManifest): void {
  const [name, version] = [fromUtf8(manifest.name), fromUtf8(manifest.version)];
  if (versionRoot(reader, owner, name, version) !== undefined) {
    throw inferenceError("modelExists", `the owner already has a model "${name}" in version "${version}"`);
  }
  if (versionsOf(reader, owner, name).length >= MAX_VERSIONS) {
    throw inferenceError("tooManyVersions", `"${name}" has ${MAX_VERSIONS} versions, and can have no more`);
  }
}

export function addVersion(ctx: Context, { owner, name, version, modelRoot }: ModelManifest): void {
  versions.set(ctx.store, [lineKey(owner, fromUtf8(name)), sha256(version)], modelRoot);
  refreshName(ctx, owner, fromUtf8(name));
}

export function removeVersion(ctx: Context, { owner, name, version }: ModelManifest): void {
  versions.delete(ctx.store, [lineKey(owner, fromUtf8(name)), sha256(version)]);
  refreshName(ctx, owner, fromUtf8(name));
}
