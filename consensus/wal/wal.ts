import fs from "node:fs";
import { promisify } from "node:util";
import { equalBytes, toHex } from "../../chain/bytes.ts";
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
  close(): Promise<void>;
}

export interface WalOptions {
  readonly path: string;
  readonly genesisRoot: Uint8Array;
  /** Called when a torn end was cut off; `copy` is where the damaged file was kept. */
  readonly onTornTail?: (found: { readonly offset: number; readonly bytes: number; readonly copy: string }) => void;
}

/**
 * A file that has grown beyond this is emptied at the next height. Emptying costs more than all else that is written
 * for a small block, hence not each time.
 */
const ROTATE_BYTES = 1024 * 1024;

const IS_OLDER =
  "the database is an older copy. Restore the later one, or move the log away and let the network bring this node up to date before it votes";
const IS_DAMAGED =
  "The disk or another program changed it. Move it away to start without it: the signer still refuses to contradict what it signed, but a lock of this height is forgotten, so wait until the network has passed this height";

/** A log in one file, which is made when it is missing. One process at a time. */
export function createWal(options: WalOptions): Wal {
  const { path, genesisRoot } = options;
  let fd: number | undefined;
  let size = 0;
  let syncing: Promise<void> = Promise.resolve();

  function file(): number {
    if (fd === undefined) throw new Error(`write-ahead log ${path} is not open`);
    return fd;
  }

  function write(record: WalRecord | WalStart): void {
    const frame = encodeFrame(encodePayload(record));
    for (let done = 0; done < frame.length; ) done += fs.writeSync(file(), frame, done);
    size += frame.length;
  }

  function startHeight(height: number): void {
    if (size > ROTATE_BYTES) {
      fs.ftruncateSync(file(), 0);
      size = 0;
    }
    write({ kind: "start", height, genesisRoot });
  }

  function readRecords(): readonly (WalRecord | WalStart)[] {
    const bytes = Uint8Array.from(fs.readFileSync(path));
    const { payloads, end, laterFrameAt } = readFrames(bytes);
    if (laterFrameAt !== undefined) {
      throw new WalError(path, `damaged at byte ${end}, with good records from byte ${laterFrameAt} on. ${IS_DAMAGED}`);
    }
    if (end < bytes.length) {
      const copy = `${path}.torn`;
      fs.copyFileSync(path, copy);
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
      fd = fs.openSync(path, "a+");
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
      if (start.height < height) startHeight(height);
      return start.height < height ? [] : records.slice(at + 1).filter((record) => record.kind !== "start");
    },
    append: write,
    sync() {
      syncing = syncing.then(() => fdatasync(file()));
      return syncing;
    },
    startHeight,
    async close() {
      if (fd === undefined) return;
      const open = fd;
      await syncing.catch(() => undefined); // The caller of sync has been told; closing must go on.
      fs.closeSync(open);
      fd = undefined;
    },
  };
}
