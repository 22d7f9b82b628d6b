import type { Backend, Write } from "./backend.ts";
import { toByteString } from "./byte-strings.ts";
import { createDeferringBackend } from "./deferring-backend.ts";
import { EMPTY, pathOf } from "./jmt/hash.ts";
import { decodeRoot, encodePage, encodeRoot, newLeaf, type Slot } from "./jmt/page.ts";
import { type LeafChange, type TreeUpdate, updateTree } from "./jmt/update.ts";
import { wayTo } from "./jmt/walk.ts";
import type { KeySets } from "./key-sets.ts";
import {
  decodeMeta,
  decodeValue,
  deletedKey,
  encodeMeta,
  encodeValue,
  META_KEY,
  type Meta,
  pageKey,
  pastKey,
  rootKey,
  sideKey,
  tableRange,
  type ValueRecord,
  valueKey,
  withoutTable,
} from "./layout.ts";
import { planPruning, staleWrites } from "./pruning.ts";
import { createTables, findValue, readerOver } from "./readers.ts";
import type { Overlay, StateReader, StateStore, StateUpdate } from "./store.ts";

/** Longest key, in bytes. */
export const MAX_KEY = 1024;

export interface StoreOptions {
  /** Heights before the tip that can still be read: 0 keeps the tip alone, Number.MAX_SAFE_INTEGER everything. */
  readonly retention: number;
  readonly failpoint?: ((point: StatePoint) => void) | undefined;
}

/** Where a test may end the process; what is on disk at each is told in node/failpoints.ts. */
export type StatePoint = "state.commit.before" | "state.commit.after";

interface Tip extends Meta {
  readonly slot: Slot;
}

/** All that committing an update writes and changes in memory. */
interface Prepared {
  readonly base: Tip | undefined;
  readonly tree: TreeUpdate;
  readonly values: readonly (readonly [key: string, record: ValueRecord | undefined])[];
  readonly writes: readonly Write[];
  /** Keys of the database that the new height does not need. */
  readonly stale: readonly Uint8Array[];
}

/** @throws Error when the database holds a record that is none of this format. */
function readTip(backend: Backend): Tip | undefined {
  const bytes = backend.get(META_KEY);
  if (bytes === undefined) return undefined;
  const meta = decodeMeta(bytes);
  const root = meta === undefined ? undefined : backend.get(rootKey(meta.height));
  if (meta === undefined || root === undefined) throw new Error("the state is of another format, or damaged");
  return { ...meta, slot: decodeRoot(root) };
}

/**
 * A state store over any backend.
 *
 * While a commit's batch is being written, `latest` answers from the tree of the old tip instead of the flat table,
 * so that it never shows a height half; its side values may be seen as soon as they are written. A commit that fails
 * leaves the disk in doubt: reads go on, writes throw.
 * @param keys all that the backend holds, from `loadKeySets`.
 */
export function createStore(given: Backend, keys: KeySets, options: StoreOptions): StateStore {
  const backend = createDeferringBackend(given);
  const { retention } = options;
  if (!Number.isSafeInteger(retention) || retention < 0) {
    throw new RangeError(`retention must be a number of heights from 0 on, not ${retention}`);
  }
  const tables = createTables(backend, (key) => keys.hasLive(key));
  const preparations = new WeakMap<StateUpdate, Prepared>();
  let tip = readTip(backend);
  let phase: "idle" | "writing" | "failed" = "idle";

  function current(key: Uint8Array): ValueRecord | undefined {
    if (phase !== "idle") return findValue(tables, tip?.slot, key);
    return tables.value(toByteString(key), key);
  }

  function isKept(height: number): boolean {
    return tip !== undefined && Number.isSafeInteger(height) && height >= tip.oldest && height <= tip.height;
  }

  function slotAt(height: number): { slot: Slot } | undefined {
    if (!isKept(height)) return undefined;
    if (height === tip?.height) return { slot: tip.slot };
    const bytes = backend.get(rootKey(height));
    if (bytes === undefined) throw new Error(`the root of height ${height} is missing: the database is damaged`);
    return { slot: decodeRoot(bytes) };
  }

  function readerAt(height: number): StateReader | undefined {
    const root = slotAt(height);
    if (root === undefined) return undefined;
    const get = (key: Uint8Array): Uint8Array | undefined => {
      if (!isKept(height)) throw new Error(`height ${height} has been pruned since this reader was made`);
      return findValue(tables, root.slot, key)?.bytes;
    };
    return readerOver(get, (range) => keys.everKept(range));
  }

  function prepare(height: number, changes: ReturnType<Overlay["changes"]>): StateUpdate {
    // The state of genesis is that of any height: an exported one goes on counting.
    const next = tip === undefined ? height : tip.height + 1;
    if (height !== next) throw new Error(`height ${next} comes next, not ${height}`);
    const writes: Write[] = [];
    const stale: Uint8Array[] = tip === undefined ? [] : [rootKey(tip.height)];
    const leaves: LeafChange[] = [];
    const values: (readonly [string, ValueRecord | undefined])[] = [];
    for (const [key, value] of changes) {
      if (key.length > MAX_KEY) throw new RangeError(`a key of ${key.length} bytes; ${MAX_KEY} is the most`);
      const before = current(key);
      const path = pathOf(key);
      const isSame = value !== undefined && before !== undefined && Buffer.compare(value.bytes, before.bytes) === 0;
      if (value !== undefined) {
        if (value.root.length !== 32) throw new RangeError(`a value root of ${value.root.length} bytes`);
        const leaf = newLeaf(path, new Uint8Array(value.root), isSame ? before.version : height);
        leaves.push({ path, leaf });
      } else if (before !== undefined) leaves.push({ path, leaf: undefined });
      if (isSame || (value === undefined && before === undefined)) continue;
      if (before !== undefined) {
        const past = pastKey(key, before.version);
        writes.push([past, before.bytes]);
        stale.push(past);
      }
      const record = value === undefined ? undefined : { version: height, bytes: new Uint8Array(value.bytes) };
      values.push([toByteString(key), record]);
      writes.push([valueKey(key), record === undefined ? undefined : encodeValue(record)]);
      if (record === undefined) {
        const deletion = deletedKey(key, height);
        writes.push([deletion, new Uint8Array(0)]);
        stale.push(deletion);
      }
    }
    const tree = updateTree(tables.page, tip?.slot, height, leaves);
    for (const [id, page] of tree.written) writes.push([pageKey(id), encodePage(page)]);
    for (const id of tree.stale) stale.push(pageKey(id));
    writes.push([rootKey(height), encodeRoot(tree.root)]);
    const update: StateUpdate = { height, root: tree.root?.hash ?? EMPTY };
    preparations.set(update, { base: tip, tree, values, writes, stale });
    return update;
  }

  async function commit(update: StateUpdate, side: readonly Write[]): Promise<void> {
    if (phase === "writing") throw new Error("another commit is being written");
    if (phase === "failed") throw new Error("an earlier commit failed: open the store again");
    const prepared = preparations.get(update);
    if (prepared === undefined) throw new Error("this store has not prepared that update");
    if (prepared.base !== tip) throw new Error(`the update of height ${update.height} was prepared on another tip`);
    const { height } = update;
    const oldest = Math.max(tip?.oldest ?? height, height - retention);
    const staleEntries = staleWrites(height, prepared.stale);
    // The old tip must stay readable until the batch is written, so what only it needs goes with the next commit.
    const kept = Math.min(oldest, height - 1);
    const pruning = planPruning(backend, tip?.pruned ?? { height: height + 1, chunk: 0 }, kept, staleEntries.length);
    const meta: Meta = { height, oldest, pruned: pruning.cursor };
    const writes: Write[] = [
      ...prepared.writes,
      ...staleEntries,
      ...pruning.keys.map((key): Write => [key, undefined]),
      ...side.map(([key, value]): Write => [sideKey(key), value]),
      [META_KEY, encodeMeta(meta)],
    ];
    if (tip !== undefined) tip = { ...tip, oldest: Math.max(tip.oldest, kept) };
    phase = "writing";
    options.failpoint?.("state.commit.before");
    try {
      await backend.write(writes);
    } catch (error) {
      phase = "failed";
      throw error;
    }
    options.failpoint?.("state.commit.after");
    for (const [key, record] of prepared.values) {
      tables.rememberValue(key, record);
      if (record === undefined) keys.delete(key, height);
      else keys.add(key);
    }
    for (const [id, page] of prepared.tree.written) tables.rememberPage(id, page);
    for (const key of pruning.keys) keys.forget(key);
    tip = { ...meta, slot: prepared.tree.root };
    phase = "idle";
  }

  return {
    get height() {
      return tip?.height ?? 0;
    },
    get root() {
      return tip?.slot?.hash ?? EMPTY;
    },
    get initialised() {
      return tip !== undefined;
    },
    get oldestHeight() {
      return tip?.oldest ?? 0;
    },
    latest: readerOver(
      (key) => current(key)?.bytes,
      (range) => keys.live(range),
    ),
    at: readerAt,
    rootAt(height) {
      const root = slotAt(height);
      return root === undefined ? undefined : (root.slot?.hash ?? EMPTY);
    },
    prepare,
    commit,
    getSide: (key) => backend.get(sideKey(key)),
    async *iterateSide(range) {
      const within = { ...range, start: sideKey(range.start), end: sideKey(range.end) };
      for await (const [key, value] of backend.entries(within)) yield [withoutTable(key), value];
    },
    prove(key, height) {
      const root = slotAt(height);
      if (root === undefined) return undefined;
      const path = pathOf(key);
      const { end, siblings } = wayTo(tables.page, root.slot, path);
      const isMember = end !== undefined && Buffer.compare(end.path, path) === 0;
      return {
        key: new Uint8Array(key),
        value: isMember ? tables.valueOf(toByteString(key), key, end.version) : undefined,
        leaf: end === undefined ? undefined : { path: end.path, valueRoot: end.valueRoot },
        siblings,
      };
    },
    defer: () => backend.defer(),
    async flush() {
      try {
        await backend.flush();
      } catch (error) {
        phase = "failed";
        throw error;
      }
    },
    freeze() {
      if (phase !== "idle" || tip === undefined) throw new Error("there is no state at rest to freeze");
      const view = backend.view();
      return {
        height: tip.height,
        root: tip.slot?.hash ?? EMPTY,
        async *entries() {
          for await (const [key, value] of view.entries(tableRange("value"))) {
            yield [withoutTable(key), decodeValue(value).bytes];
          }
        },
        release: () => view.close(),
      };
    },
    close: () => backend.close(),
  };
}
