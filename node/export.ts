import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { toHex } from "../chain/bytes.ts";
import { createBls } from "../chain/crypto/bls.ts";
import type { Runtime } from "../chain/executor/runtime.ts";
import { parseGenesisTime } from "../genesis/document.ts";
import { ante } from "../modules/auth/ante.ts";
import { ExportError, exportDocument, leaveChain } from "../modules/export.ts";
import { MODEL_STATUS, models } from "../modules/inference/store.ts";
import { modules } from "../modules/registry.ts";
import { DataFolderError, openLevelStore } from "../state/level-store.ts";
import type { StateReader, StateStore } from "../state/store.ts";
import { openBlobStore } from "./blobs/blob-store.ts";
import { homePaths, readGenesis } from "./home.ts";
import { UserError } from "./user-error.ts";

export interface ExportRequest {
  /** Of a stopped node. */
  readonly home: string;
  /** The last one if not given. */
  readonly height?: number | undefined;
  readonly out: string;
  readonly chainId: string;
  /** RFC 3339; that of the last block if not given. */
  readonly genesisTime?: string | undefined;
  /** Operators (20 bytes) who will not be there. */
  readonly absent: readonly Uint8Array[];
}

export interface Exported {
  readonly height: number;
  readonly bytes: number;
  readonly blobs: number;
  /** Roots of models whose bytes this node does not have. */
  readonly missing: readonly string[];
}

const CHAIN_ID = /^[a-zA-Z][a-zA-Z0-9_.-]{0,49}$/;
/** What is written at once. */
const CHUNK_CHARACTERS = 1 << 20;
const MAX_BLOB_BYTES = Number.MAX_SAFE_INTEGER;

/** The file is there whole or not at all. @returns its size in bytes. */
function writePieces(path: string, pieces: Iterable<string>): number {
  const temporary = `${path}.tmp`;
  const fd = openSync(temporary, "w", 0o644);
  let bytes = 0;
  try {
    let waiting: string[] = [];
    let length = 0;
    const write = (): void => {
      const text = Buffer.from(waiting.join(""));
      writeFileSync(fd, text);
      bytes += text.length;
      waiting = [];
      length = 0;
    };
    for (const piece of pieces) {
      waiting.push(piece);
      length += piece.length;
      if (length >= CHUNK_CHARACTERS) write();
    }
    write();
    fsyncSync(fd);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
  return bytes;
}

/** Copies the bytes of all models that may be run. */
async function copyBlobs(reader: StateReader, from: string, to: string): Promise<Pick<Exported, "blobs" | "missing">> {
  const wanted = models.entries(reader).filter(([, { status }]) => status !== MODEL_STATUS.failed);
  if (wanted.length === 0) return { blobs: 0, missing: [] };
  mkdirSync(to, { recursive: true });
  const source = openBlobStore(from, { maxBytes: MAX_BLOB_BYTES });
  const target = openBlobStore(to, { maxBytes: MAX_BLOB_BYTES });
  const missing: string[] = [];
  for (const [root] of wanted) {
    const bytes = await source.get(root);
    if (bytes === undefined) missing.push(toHex(root));
    else await target.put(bytes);
  }
  return { blobs: wanted.length - missing.length, missing };
}

/** Opens a stopped node's state for reading. @throws UserError when there is none, or the node runs. */
export async function openStopped(data: string): Promise<StateStore> {
  const path = join(data, "state");
  if (!existsSync(path)) throw new UserError(`there is no state in ${data}: the node has never run`);
  try {
    return await openLevelStore(path, { retention: Number.MAX_SAFE_INTEGER });
  } catch (error) {
    if (!(error instanceof DataFolderError)) throw error;
    throw new UserError(`${error.message}; stop the node first`, { cause: error });
  }
}

function readerAt(store: StateStore, height: number): StateReader {
  const reader = store.at(height);
  if (reader !== undefined) return reader;
  throw new UserError(
    `the state of height ${height} is not kept: ${store.oldestHeight} to ${store.height} are (setting retention.heights)`,
  );
}

/**
 * Writes the genesis document of a height, and beside it a folder `blobs` with the bytes of the models, each named by its root, as a node's
 * own folder `data/blobs` has them. PERF: an entry at a time; what it takes is the index of the keys, 100 to 200 bytes each.
 * @throws UserError
 */
export async function exportGenesis(request: ExportRequest): Promise<Exported> {
  const { chainId, genesisTime } = request;
  if (!CHAIN_ID.test(chainId)) throw new UserError(`--chain-id "${chainId}" is none: letters, digits, '_', '.', '-'`);
  const time = genesisTime === undefined ? undefined : parseGenesisTime(genesisTime);
  if (genesisTime !== undefined && time === undefined) {
    throw new UserError(`--genesis-time "${genesisTime}" is not a time such as 2026-01-31T12:00:00Z`);
  }
  const paths = homePaths(resolve(request.home));
  const { spec } = readGenesis(paths.genesis, modules);
  if (chainId === spec.chainId)
    throw new UserError(`--chain-id ${chainId} is the old chain's: another chain needs another`);
  const store = await openStopped(paths.data);
  try {
    const height = request.height ?? store.height;
    const runtime: Runtime = { spec, modules, ante, bls: createBls() };
    const state = leaveChain(runtime, readerAt(store, height), request.absent);
    const out = resolve(request.out);
    mkdirSync(dirname(out), { recursive: true });
    const copied = await copyBlobs(state, join(paths.data, "blobs"), join(dirname(out), "blobs"));
    const options = time === undefined ? { chainId } : { chainId, time };
    return { height, bytes: writePieces(out, exportDocument(runtime, state, options)), ...copied };
  } catch (error) {
    if (error instanceof ExportError) throw new UserError(`export: ${error.message}`, { cause: error });
    throw error;
  } finally {
    await store.close();
  }
}
