import fs from "node:fs";
import { promisify } from "node:util";
import { equalBytes, toHex } from "../../chain/bytes.ts";
import { dropReplacement, keepCopy, replaceFile, syncFolderOf, writeReplacement } from "./durable-file.ts";
import { encodeFrame, readFrames } from "./frames.ts";
import { decodePayload, encodePayload, type WalRecord, type WalStart } from "./records.ts";

const fdatasync = promisify(fs.fdatasync);

/** The log can't be trusted. The message says what was found, where, and what to do. */
export class WalError extends Error {
  readonly path: string;
  constructor(path: string, message: string) {
    super(`write-ahead log ${path}: ${message}`);
    this.name = "WalError";
    this.path = path;
  }
}

/**
 * The inputs of the height under way, in the order they were processed. Only that height counts: the database says what
 * was decided. The start of a height marks the end of the one before; it follows the database and is made anew when a
 * crash came in between.
 */
export interface Wal {
  /**
   * What was logged for `height`, the one after the database's. A log of an earlier height is over and is dropped.
   * @throws WalError when the log is damaged anywhere but at its end, is of another chain or of a later height.
   */
  open(height: number): readonly WalRecord[];
  /** Hands a record to the operating system: it outlives the process from here on, and power after `sync`. */
  append(record: WalRecord): void;
  /** Waits until all that was appended is on disk. */
  sync(): Promise<void>;
  /** Ends the height before. */
  startHeight(height: number): void;
  /** Whether so much was logged since the height began, or was compacted, that compacting is worth its cost. */
  isLarge(): boolean;
  /**
   * Puts these records, which lead to where the node stands, in the place of all that was logged of this height. On disk
   * when it resolves; a crash meanwhile leaves the old log or the new one.
   */
  compact(records: readonly WalRecord[]): Promise<void>;
  close(): Promise<void>;
}

/** Where a test may end the process; what is on disk at each is told in node/failpoints.ts. */
export type WalPoint =
  | "wal.create"
  | "wal.append.before"
  | "wal.append.after"
  | "wal.sync.before"
  | "wal.sync.after"
  | "wal.height"
  | "wal.rotate"
  | "wal.compact.written"
  | "wal.compact.renamed"
  | "wal.repair";

export interface WalOptions {
  readonly path: string;
  readonly genesisRoot: Uint8Array;
  readonly failpoint?: ((point: WalPoint) => void) | undefined;
  /** When a height's log is first worth compacting. Default 16 MiB. */
  readonly compactBytes?: number;
  /** Called when a torn end was cut off; `copy` is where the damaged file was kept. */
  readonly onTornTail?: (found: { readonly offset: number; readonly bytes: number; readonly copy: string }) => void;
}

/**
 * A file that has grown beyond this is emptied at the next height. Emptying costs more than all else that is written
 * for a small block, hence not each time.
 */
const ROTATE_BYTES = 1024 * 1024;
/**
 * PERF: compacting writes all that is worth keeping, at most 8 blocks and the votes, and happens again only when as much
 * has come once more: so the file stays below twice that, or this, and each byte is written three times at most.
 */
const COMPACT_BYTES = 16 * 1024 * 1024;

const IS_OLDER =
  "the database is an older copy. Restore the later one, or move the log away and let the network bring this node up to date before it votes";
const IS_DAMAGED =
  "The disk or another program changed it. Move it away to start without it: the signer still refuses to contradict what it signed, but a lock of this height is forgotten, so wait until the network has passed this height";

/** A log in one file, which is made when it is missing. One process at a time. */
export function createWal(options: WalOptions): Wal {
  const { path, genesisRoot } = options;
  const failpoint = options.failpoint ?? (() => undefined);
  const compactBytes = options.compactBytes ?? COMPACT_BYTES;
  let fd: number | undefined;
  let size = 0;
  let current = 0;
  /** The file's size when the height began, or was compacted; and how much of that compacting had left. */
  let base = 0;
  let kept = 0;
  let syncing: Promise<void> = Promise.resolve();

  function file(): number {
    if (fd === undefined) throw new Error(`write-ahead log ${path} is not open`);
    return fd;
  }

  function write(record: WalRecord | WalStart): void {
    const frame = encodeFrame(encodePayload(record));
    try {
      for (let done = 0; done < frame.length; ) done += fs.writeSync(file(), frame, done);
    } catch (error) {
      fs.ftruncateSync(file(), size); // A full disk may have taken a part of it.
      throw error;
    }
    size += frame.length;
  }

  function append(record: WalRecord): void {
    failpoint("wal.append.before");
    write(record);
    failpoint("wal.append.after");
  }

  function startHeight(height: number): void {
    failpoint("wal.height");
    if (size > ROTATE_BYTES) {
      fs.ftruncateSync(file(), 0);
      size = 0;
      failpoint("wal.rotate");
    }
    write({ kind: "start", height, genesisRoot });
    current = height;
    base = size;
    kept = 0;
  }

  function* compacted(records: readonly WalRecord[]): Generator<Uint8Array> {
    yield encodeFrame(encodePayload({ kind: "start", height: current, genesisRoot }));
    for (const record of records) yield encodeFrame(encodePayload(record));
  }

  async function compact(records: readonly WalRecord[]): Promise<void> {
    await syncing; // Its file is about to be closed.
    writeReplacement(path, compacted(records));
    failpoint("wal.compact.written");
    fs.closeSync(file());
    fd = undefined;
    replaceFile(path);
    failpoint("wal.compact.renamed");
    syncFolderOf(path);
    fd = fs.openSync(path, "a+");
    size = fs.fstatSync(fd).size;
    base = size;
    kept = size;
  }

  function readRecords(): readonly (WalRecord | WalStart)[] {
    const bytes = Uint8Array.from(fs.readFileSync(path));
    const { payloads, end, laterFrameAt } = readFrames(bytes);
    if (laterFrameAt !== undefined) {
      throw new WalError(path, `damaged at byte ${end}, with good records from byte ${laterFrameAt} on. ${IS_DAMAGED}`);
    }
    if (end < bytes.length) {
      const copy = keepCopy(path);
      failpoint("wal.repair");
      fs.ftruncateSync(file(), end);
      options.onTornTail?.({ offset: end, bytes: bytes.length - end, copy });
    }
    size = end;
    return payloads.map((payload, index) => {
      try {
        return decodePayload(payload);
      } catch (error) {
        throw new WalError(
          path,
          `record ${index} is of an unknown form (${String(error)}): written by another version?`,
        );
      }
    });
  }

  return {
    open(height) {
      const isNew = !fs.existsSync(path);
      dropReplacement(path); // Of a compaction that a crash cut short.
      fd = fs.openSync(path, "a+", 0o600);
      if (isNew) {
        failpoint("wal.create");
        syncFolderOf(path);
      }
      const records = isNew ? [] : readRecords();
      const at = records.findLastIndex(({ kind }) => kind === "start");
      const start = records[at];
      if (start?.kind !== "start") {
        if (records.length > 0) throw new WalError(path, "holds no start of a height. Move it away");
        startHeight(height);
        return [];
      }
      if (!equalBytes(start.genesisRoot, genesisRoot)) {
        throw new WalError(path, `belongs to the chain with genesis root ${toHex(start.genesisRoot)}. Move it away`);
      }
      if (start.height > height) {
        throw new WalError(
          path,
          `is of height ${start.height}, but the database expects height ${height}: ${IS_OLDER}`,
        );
      }
      if (start.height < height) {
        startHeight(height);
        return [];
      }
      current = height;
      return records.slice(at + 1).filter((record) => record.kind !== "start");
    },
    append,
    sync() {
      syncing = syncing.then(async () => {
        failpoint("wal.sync.before");
        await fdatasync(file());
        failpoint("wal.sync.after");
      });
      return syncing;
    },
    startHeight,
    isLarge: () => size - base > Math.max(compactBytes, kept),
    compact,
    async close() {
      if (fd === undefined) return;
      const open = fd;
      await syncing.catch(() => undefined); // The caller of sync has been told; closing must go on.
      fs.closeSync(open);
      fd = undefined;
    },
  };
}
