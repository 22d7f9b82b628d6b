import { readFileSync, rmSync, statSync } from "node:fs";
import { ByteListType, ListCompositeType } from "@chainsafe/ssz";
import { equalBytes } from "../chain/bytes.ts";
import { sha256 } from "../chain/crypto/hash.ts";
import { MAX_TX_BYTES } from "../chain/types/limits.ts";
import { dropReplacement, replaceFile, writeReplacement } from "../consensus/wal/durable-file.ts";
import type { Logger } from "./log.ts";
import type { Mempool } from "./mempool.ts";
import { systemErrorCode } from "./user-error.ts";

/** What waits is written so often while it changes: what came in the last moments before a crash is with other nodes as well. */
const EVERY_MS = 5000;
/** Transactions and bytes that are written, the best paying ones: writing takes the event loop some milliseconds. */
const MAX_TXS = 20_000;
const MAX_BYTES = 8 * 1024 * 1024;
const HASH_BYTES = 32;

const Transactions = new ListCompositeType(new ByteListType(MAX_TX_BYTES), MAX_TXS);

export interface MempoolFileOptions {
  readonly path: string;
  readonly mempool: Pick<Mempool, "add" | "transactions">;
  readonly log: Pick<Logger, "info" | "warn">;
  /** Calls back again and again; the returned function ends that. */
  readonly every: (ms: number, callback: () => void) => () => void;
}

/** Keeps what waits for a block over a restart. It is a convenience: a file that is damaged or can't be written is no reason to stop. */
export interface MempoolFile {
  /** Writes what waits, if it has changed, and ends writing. */
  stop(): void;
}

function read(path: string): Uint8Array | undefined {
  try {
    const { size } = statSync(path);
    if (size > MAX_BYTES + 4 * MAX_TXS + HASH_BYTES) return new Uint8Array(0);
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Undefined for bytes that are no such file. */
function decode(bytes: Uint8Array): Uint8Array[] | undefined {
  if (bytes.length < HASH_BYTES) return undefined;
  const body = bytes.subarray(HASH_BYTES);
  if (!equalBytes(sha256(body), bytes.subarray(0, HASH_BYTES))) return undefined;
  try {
    return Transactions.deserialize(body);
  } catch {
    return undefined; // Whatever the decoder objects to: it is not what was written.
  }
}

function restore({ path, mempool, log }: MempoolFileOptions): void {
  const bytes = read(path);
  if (bytes === undefined) return;
  const txs = decode(bytes);
  if (txs === undefined) {
    log.warn({ path }, "what waited before the restart can't be read and is dropped");
    rmSync(path, { force: true });
    return;
  }
  // Everything is checked anew: blocks may have gone on without this node.
  const taken = txs.filter((tx) => mempool.add(tx).code === 0).length;
  if (txs.length > 0) log.info({ taken, of: txs.length }, "transactions that waited before the restart wait again");
}

/** Takes what waited before into the mempool, and writes what waits from now on. */
export function openMempoolFile(options: MempoolFileOptions): MempoolFile {
  const { path, mempool, log, every } = options;
  restore(options);
  let written = "";

  function save(): void {
    const kept: Uint8Array[] = [];
    let size = 0;
    for (const { bytes } of mempool.transactions()) {
      if (kept.length >= MAX_TXS || size + bytes.length > MAX_BYTES) break;
      kept.push(bytes);
      size += bytes.length;
    }
    const body = Transactions.serialize(kept);
    const hash = sha256(body);
    const id = Buffer.from(hash).toString("hex");
    if (id === written) return;
    try {
      writeReplacement(path, [hash, body]);
      replaceFile(path);
      written = id;
    } catch (error) {
      log.warn({ err: error }, "what waits could not be written");
      dropReplacement(path);
    }
  }

  const cancel = every(EVERY_MS, save);
  return {
    stop() {
      cancel();
      save();
    },
  };
}
