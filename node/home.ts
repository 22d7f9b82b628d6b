import { closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Genesis, type GenesisModule, parseGenesis } from "../genesis/document.ts";
import { type NodeConfig, parseConfig } from "./config.ts";
import { systemErrorCode, UserError } from "./user-error.ts";

/** Where things are in a node's home folder. */
export interface HomePaths {
  readonly config: string;
  readonly genesis: string;
  readonly keys: string;
  readonly nodeKey: string;
  readonly identityKey: string;
  readonly voteKey: string;
  /** Account that operates the validator; only local networks keep it in the home. */
  readonly operatorKey: string;
  /** Addresses of peers, as far as the node knows them. */
  readonly addressBook: string;
  readonly data: string;
  readonly log: string;
}

export function homePaths(home: string): HomePaths {
  const keys = join(home, "keys");
  return {
    config: join(home, "config.json"),
    genesis: join(home, "genesis.json"),
    keys,
    nodeKey: join(keys, "node.json"),
    identityKey: join(keys, "identity.json"),
    voteKey: join(keys, "vote.json"),
    operatorKey: join(keys, "operator.json"),
    addressBook: join(home, "addresses.json"),
    data: join(home, "data"),
    log: join(home, "node.log"),
  };
}

const MAX_CONFIG_SIZE = 1_048_576;
/** A genesis of a million accounts is about 150 MB. */
const MAX_GENESIS_SIZE = 268_435_456;

function readJson(path: string, what: string, maxSize: number): unknown {
  let text: string;
  try {
    const { size } = statSync(path);
    if (size > maxSize) throw new UserError(`${what} ${path} has ${size} bytes, more than ${maxSize}`);
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (systemErrorCode(error) !== "ENOENT") throw error;
    throw new UserError(`${what} ${path} does not exist: make a home with "assay init"`, { cause: error });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(`${what} ${path} is not JSON: ${(error as Error).message}`, { cause: error });
  }
}

/** Errors of a file in one line, or as a list where there are several. */
function listErrors(what: string, path: string, errors: readonly { path: string; message: string }[]): UserError {
  const lines = errors.map((error) => (error.path === "" ? error.message : `${error.path}: ${error.message}`));
  return new UserError(
    lines.length === 1 ? `${what} ${path}: ${lines[0]}` : `${what} ${path}:\n  ${lines.join("\n  ")}`,
  );
}

/** @throws UserError listing everything that is wrong with the file. */
export function readConfig(path: string): NodeConfig {
  const result = parseConfig(readJson(path, "configuration", MAX_CONFIG_SIZE));
  if (!result.ok) throw listErrors("configuration", path, result.errors);
  return result.config;
}

/** @throws UserError listing everything that is wrong with the file. */
export function readGenesis(path: string, modules: readonly GenesisModule[]): Genesis {
  const result = parseGenesis(readJson(path, "genesis document", MAX_GENESIS_SIZE), modules);
  if (!result.ok) throw listErrors("genesis document", path, result.errors);
  return result.genesis;
}

/** Writes a JSON file for people; it is whole at every instant, the old one or the new one. */
export function writeJson(path: string, value: unknown): void {
  const temporary = `${path}.tmp`;
  const fd = openSync(temporary, "w", 0o644);
  try {
    writeFileSync(fd, `${JSON.stringify(value, null, 2)}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
}
