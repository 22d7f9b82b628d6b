import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { fromHex, toHex } from "../../chain/bytes.ts";
import { replaceFile, syncFolderOf, writeReplacement } from "../../consensus/wal/durable-file.ts";
import { openBulkWriter } from "../../state/level-store.ts";
import { homePaths, writeJson } from "../home.ts";
import { createVoteKey, loadVoteKey } from "../keys/node-keys.ts";
import { systemErrorCode, UserError } from "../user-error.ts";

/** Where things are in a signer's home. Key and memory have the names that they have in a node's. */
export interface SignerPaths {
  readonly settings: string;
  readonly voteKey: string;
  readonly data: string;
  readonly signState: string;
  readonly attestations: string;
  /** Where the socket is unless told otherwise. */
  readonly socket: string;
}

export function signerPaths(home: string): SignerPaths {
  const { voteKey, data } = homePaths(home);
  return {
    settings: join(home, "signer.json"),
    voteKey,
    data,
    signState: join(data, "sign-state"),
    attestations: join(data, "attestations"),
    socket: join(home, "socket", "signer.sock"),
  };
}

/**
 * Takes a folder for this process alone, by the lock of an empty database: the system gives it back when the process ends, however it ends.
 * @throws DataFolderError when another process has it.
 */
export async function lockFolder(data: string): Promise<() => Promise<void>> {
  const lock = await openBulkWriter(join(data, "lock"));
  return () => lock.close();
}

/** The genesis root that this signer is for. @throws UserError */
export function readSignerSettings(home: string): Uint8Array {
  const path = signerPaths(home).settings;
  let root: unknown;
  try {
    root = (JSON.parse(readFileSync(path, "utf8")) as { genesisRoot?: unknown } | null)?.genesisRoot;
  } catch (error) {
    const isMissing = systemErrorCode(error) === "ENOENT";
    if (!isMissing && !(error instanceof SyntaxError)) throw error;
    const problem = isMissing ? "does not exist" : "is not JSON";
    throw new UserError(`${path} ${problem}: make a signer's home with "assay signer init"`, { cause: error });
  }
  if (typeof root !== "string" || !/^[0-9a-f]{64}$/.test(root)) {
    throw new UserError(`${path}: genesisRoot must be 64 hex digits`);
  }
  return fromHex(root);
}

function copyDurably(from: string, to: string): void {
  writeReplacement(to, [new Uint8Array(readFileSync(from))]);
  replaceFile(to);
  syncFolderOf(to);
}

/** Copies what a stopped node remembers, then moves its key: at every instant the key is where its memory is. */
async function takeOver(paths: SignerPaths, home: string): Promise<void> {
  const from = signerPaths(home);
  // Whoever has the node's database open runs, and signs.
  const unlock = existsSync(join(from.data, "state")) ? await openBulkWriter(join(from.data, "state")) : undefined;
  try {
    loadVoteKey(from.voteKey);
    for (const file of ["signState", "attestations"] as const) {
      if (existsSync(from[file])) copyDurably(from[file], paths[file]);
    }
    mkdirSync(dirname(paths.voteKey), { recursive: true, mode: 0o700 });
    renameSync(from.voteKey, paths.voteKey);
    syncFolderOf(paths.voteKey);
    syncFolderOf(from.voteKey);
    // The node keeps its attestations, to reveal them. Its sign state would soon be an older copy of the signer's.
    if (existsSync(from.signState)) renameSync(from.signState, `${from.signState}.moved`);
  } catch (error) {
    if (systemErrorCode(error) !== "EXDEV") throw error;
    throw new UserError(`${home} and the signer's home are on two disks: copy the node's home over first`, {
      cause: error,
    });
  } finally {
    await unlock?.close();
  }
}

/**
 * Makes a signer's home, with a new key or with that of a stopped node.
 * @returns the public key.
 * @throws UserError
 */
export async function makeSignerHome(
  home: string,
  options: { readonly genesisRoot: Uint8Array; readonly from: string | undefined },
): Promise<Uint8Array> {
  const paths = signerPaths(home);
  if (existsSync(paths.settings)) throw new UserError(`${home} is a signer's home already: choose another with --home`);
  if (existsSync(paths.voteKey)) throw new UserError(`${paths.voteKey} is in the way: choose another --home`);
  mkdirSync(paths.data, { recursive: true, mode: 0o700 });
  if (options.from === undefined) createVoteKey(paths.voteKey);
  else await takeOver(paths, options.from);
  writeJson(paths.settings, { genesisRoot: toHex(options.genesisRoot) });
  return loadVoteKey(paths.voteKey).publicKey;
}
