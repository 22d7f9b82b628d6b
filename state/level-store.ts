import { Level } from "level";
import type { Backend, Write } from "./backend.ts";
import { createStore, type StoreOptions } from "./create-store.ts";
import { loadKeySets } from "./key-sets.ts";
import { rollbackTip } from "./rollback.ts";
import type { BulkWriter } from "./snapshot-restore.ts";
import type { KeyRange, StateStore } from "./store.ts";

const BLOCK_CACHE_BYTES = 32 * 1024 * 1024;
const WRITE_BUFFER_BYTES = 8 * 1024 * 1024;

/** Why a data folder can't be opened. The message is one line that names the folder and what to do. */
export class DataFolderError extends Error {
  readonly code: "inUse" | "unreadable";
  readonly path: string;
  constructor(code: DataFolderError["code"], path: string, message: string, cause: unknown) {
    super(message, { cause });
    this.name = "DataFolderError";
    this.code = code;
    this.path = path;
  }
}

function asDataFolderError(path: string, error: unknown): DataFolderError {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (cause instanceof Error && "code" in cause && cause.code === "LEVEL_LOCKED") {
    return new DataFolderError("inUse", path, `data folder ${path} is in use by another process`, cause);
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new DataFolderError("unreadable", path, `data folder ${path} can't be opened: ${reason}`, cause);
}

function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

type Operation =
  | { readonly type: "put"; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: "del"; readonly key: Uint8Array };

function operations(writes: readonly Write[]): Operation[] {
  return writes.map(([key, value]) => (value === undefined ? { type: "del", key } : { type: "put", key, value }));
}

function levelBackend(db: Level<Uint8Array, Uint8Array>): Backend {
  const bounds = (range: KeyRange) => ({ gte: range.start, lt: range.end, reverse: range.reverse ?? false });
  return {
    get(key) {
      const value = db.getSync(key);
      return value === undefined ? undefined : plain(value);
    },
    write: (writes) => db.batch(operations(writes), { sync: true }),
    async *keys(range) {
      for await (const key of db.keys(bounds(range))) yield plain(key);
    },
    async *entries(range) {
      for await (const [key, value] of db.iterator(bounds(range))) yield [plain(key), plain(value)];
    },
    view() {
      const snapshot = db.snapshot();
      return {
        async *entries(range) {
          // What is read once must not push out of the cache what blocks need.
          const iterator = db.iterator({ ...bounds(range), snapshot, fillCache: false });
          for await (const [key, value] of iterator) yield [plain(key), plain(value)];
        },
        close: () => snapshot.close(),
      };
    },
    close: () => db.close(),
  };
}

function openLevel(path: string): Level<Uint8Array, Uint8Array> {
  return new Level<Uint8Array, Uint8Array>(path, {
    keyEncoding: "view",
    valueEncoding: "view",
    cacheSize: BLOCK_CACHE_BYTES,
    writeBufferSize: WRITE_BUFFER_BYTES,
  });
}

/**
 * Opens a folder for writing in bulk. Nothing is flushed: the caller flushes the files of the folder after closing it.
 * @throws DataFolderError as `openLevelStore` does.
 */
export async function openBulkWriter(path: string): Promise<BulkWriter & { close(): Promise<void> }> {
  const db = openLevel(path);
  try {
    await db.open();
  } catch (error) {
    throw asDataFolderError(path, error);
  }
  return { write: (writes) => db.batch(operations(writes)), close: () => db.close() };
}

/**
 * Undoes the last height of the store in a folder that no process has open.
 * @returns the height that is now the last.
 * @throws DataFolderError, RollbackError
 */
export async function rollbackLevelStore(path: string): Promise<number> {
  const db = openLevel(path);
  try {
    await db.open();
  } catch (error) {
    throw asDataFolderError(path, error);
  }
  try {
    return await rollbackTip(levelBackend(db));
  } finally {
    await db.close();
  }
}

/**
 * Opens the store in the folder `path`, which is made when it is not there.
 * PERF: reads all keys of the state once, 100,000 of them in 0.6 to 0.8 s.
 * @throws DataFolderError when another process has it open, or it can't be read.
 */
export async function openLevelStore(path: string, options: StoreOptions): Promise<StateStore> {
  const db = openLevel(path);
  try {
    await db.open();
    const backend = levelBackend(db);
    return createStore(backend, await loadKeySets(backend), options);
  } catch (error) {
    await db.close();
    throw asDataFolderError(path, error);
  }
}
