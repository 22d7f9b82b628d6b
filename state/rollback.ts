import type { Backend, Write } from "./backend.ts";
import {
  decodeMeta,
  decodeValue,
  deletedKey,
  encodeMeta,
  encodeValue,
  META_KEY,
  pagesOf,
  parseDeletedKey,
  parsePastKey,
  rootKey,
  staleKey,
  tableRange,
  valueKey,
  withoutTable,
} from "./layout.ts";
import { decodeKeys } from "./pruning.ts";

/** Why the last height can't be undone. Nothing has been written. */
export class RollbackError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "RollbackError";
  }
}

/** Entries of the database that the height made needless, which is how its past values are found again. */
function* staleEntries(backend: Backend, height: number): Generator<readonly [entry: Uint8Array, keys: Uint8Array[]]> {
  for (let chunk = 0; ; chunk++) {
    const entry = staleKey(height, chunk);
    const bytes = backend.get(entry);
    if (bytes === undefined) return;
    yield [entry, decodeKeys(bytes)];
  }
}

/**
 * Undoes the last committed height in one synced batch: values, tree and meta are as they were before it. Side values stay.
 * PERF: reads every value of the state once, to find those that the height was the first to write.
 * @returns the height that is now the last.
 * @throws RollbackError where nothing comes before it, or that has been pruned.
 */
export async function rollbackTip(backend: Backend): Promise<number> {
  const bytes = backend.get(META_KEY);
  const meta = bytes === undefined ? undefined : decodeMeta(bytes);
  if (meta === undefined) throw new RollbackError("there is no state of this format");
  const { height } = meta;
  if (height === 0) throw new RollbackError("the state is that of genesis: nothing comes before it");
  const before = height - 1;
  if (backend.get(rootKey(before)) === undefined) throw new RollbackError(`the state of height ${before} is not kept`);

  const writes: Write[] = [[rootKey(height), undefined]];
  const restored = new Set<string>();
  const drop = (key: Uint8Array): void => void writes.push([key, undefined]);
  for (const [entry, keys] of staleEntries(backend, height)) {
    drop(entry);
    for (const key of keys) {
      const past = parsePastKey(key);
      const deleted = parseDeletedKey(key);
      if (deleted !== undefined) drop(deletedKey(deleted.key, deleted.height));
      if (past === undefined) continue;
      const value = backend.get(key);
      if (value === undefined)
        throw new RollbackError(`a value of height ${before} is missing: the database is damaged`);
      writes.push([valueKey(past.key), encodeValue({ version: past.version, bytes: value })]);
      restored.add(Buffer.from(past.key).toString("latin1"));
      drop(key);
    }
  }
  for await (const [key, value] of backend.entries(tableRange("value"))) {
    const name = Buffer.from(withoutTable(key)).toString("latin1");
    if (decodeValue(value).version === height && !restored.has(name)) drop(key);
  }
  for await (const key of backend.keys(pagesOf(height))) drop(key);
  writes.push([META_KEY, encodeMeta({ ...meta, height: before, oldest: Math.min(meta.oldest, before) })]);
  await backend.write(writes);
  return before;
}
