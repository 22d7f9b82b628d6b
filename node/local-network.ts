import { randomInt } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Genesis, type GenesisModule, parseGenesis } from "../genesis/document.ts";
import { localGenesis, type ValidatorSeed } from "../genesis/local-network.ts";
import { defaultConfig, type NodeConfig } from "./config.ts";
import { homePaths, readConfig, readGenesis, writeJson } from "./home.ts";
import {
  type AccountKey,
  accountPath,
  createAccountKey,
  DEVELOPMENT_MNEMONIC,
  deriveAccounts,
} from "./keys/account-key.ts";
import { createIdentityKey, createNodeKey, createVoteKey, loadNodeKey } from "./keys/node-keys.ts";
import { peerIdOfSeed } from "./keys/peer-id.ts";
import { systemErrorCode, UserError } from "./user-error.ts";

/** Says that a folder holds a local network, which the maker may delete, and whether it is whole. */
const MARKER = "local-network.json";
const MARKER_PURPOSE = "assay local network";

export const MAX_LOCAL_VALIDATORS = 16;
const FUNDED_ACCOUNTS = 10;
/** A million ASSAY for each account; each operator the same, and as much again at stake. */
const ALLOWANCE = 1_000_000_000_000n;

/** The ports of one node. 0 is a free one, but for p2p, which the peers must know. */
export interface NodePorts {
  readonly rpc: number;
  readonly p2p: number;
  readonly metrics: number;
}

/** The usual ports, plus 10 for each node, plus an offset that lets networks run side by side. */
export function localPorts(index: number, offset = 0): NodePorts {
  const shift = offset + 10 * index;
  return { rpc: 26657 + shift, p2p: 26656 + shift, metrics: 26660 + shift };
}

export interface LocalNetworkOptions {
  readonly dir: string;
  readonly modules: readonly GenesisModule[];
  /** 1 to 16; 4 if not given. A network that exists keeps its own number. */
  readonly validators?: number;
  /** Tokens at stake of each validator, in the base denomination; a million ASSAY where none are given. */
  readonly stakes?: readonly bigint[];
  /** Ports of node i. A network that exists is told its new ports. */
  readonly ports?: (index: number) => NodePorts;
  /** Deletes the network that is there, if the maker made it, and makes a new one with a new chain id. */
  readonly fresh?: boolean;
  /** Parameters that differ from the preset `local`. */
  readonly params?: Readonly<Record<string, bigint>>;
  /** Genesis time, milliseconds since the epoch; now if not given. */
  readonly time?: number;
}

export interface LocalNode {
  readonly home: string;
  readonly moniker: string;
  readonly ports: NodePorts;
  /** `http://127.0.0.1:26657`. */
  readonly rpc: string;
  readonly log: string;
}

export interface LocalNetwork {
  readonly dir: string;
  readonly chainId: string;
  readonly prefix: string;
  readonly denom: string;
  /** False when it was there already. */
  readonly created: boolean;
  readonly nodes: readonly LocalNode[];
  /** The funded accounts of the development mnemonic. */
  readonly accounts: readonly AccountKey[];
  /** What each of them was given at genesis, in the base denomination. */
  readonly allowance: bigint;
}

/**
 * A fresh identifier at each reset, because wallets keep what they know of a chain by what stands before the last dash.
 */
export function localChainId(): string {
  const letters = Array.from({ length: 6 }, () => String.fromCharCode(97 + randomInt(26))).join("");
  return `assaylocal${letters}-1`;
}

interface Marker {
  readonly purpose: typeof MARKER_PURPOSE;
  readonly validators: number;
  /** False while it is being made or deleted: one that was interrupted is made anew. */
  readonly complete: boolean;
}

function writeMarker(dir: string, validators: number, complete: boolean): Marker {
  const marker: Marker = { purpose: MARKER_PURPOSE, validators, complete };
  writeJson(join(dir, MARKER), marker);
  return marker;
}

function readMarker(dir: string): Marker | undefined {
  try {
    const marker: unknown = JSON.parse(readFileSync(join(dir, MARKER), "utf8"));
    const { purpose, validators, complete } = marker as Partial<Marker>;
    if (purpose !== MARKER_PURPOSE || typeof validators !== "number") return undefined;
    return { purpose, validators: Math.min(validators, MAX_LOCAL_VALIDATORS), complete: complete === true };
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT" || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function nodeHome(dir: string, index: number): string {
  return join(dir, `node${index}`);
}

/** Deletes only what the maker makes, so that nothing else that was put into the folder is lost. */
function removeNetwork(dir: string, marker: Marker): void {
  writeMarker(dir, marker.validators, false);
  for (let i = 0; i < marker.validators; i++) rmSync(nodeHome(dir, i), { recursive: true, force: true });
  rmSync(join(dir, MARKER));
}

async function createNetwork(options: LocalNetworkOptions, dir: string, count: number): Promise<void> {
  mkdirSync(dir, { recursive: true });
  const seeds: ValidatorSeed[] = [];
  const stray = Array.from({ length: count }, (_, i) => nodeHome(dir, i)).find(existsSync);
  if (stray !== undefined) throw new UserError(`${stray} exists and is no part of a local network: move it away`);
  writeMarker(dir, count, false);
  for (let i = 0; i < count; i++) {
    const paths = homePaths(nodeHome(dir, i));
    mkdirSync(paths.data, { recursive: true, mode: 0o700 });
    createNodeKey(paths.nodeKey);
    const operator = await createAccountKey(paths.operatorKey);
    const identityKey = createIdentityKey(paths.identityKey);
    const voteKey = createVoteKey(paths.voteKey);
    seeds.push({
      moniker: `node${i}`,
      operator: operator.address,
      identityKey,
      voteKey,
      tokens: options.stakes?.[i] ?? ALLOWANCE,
    });
  }
  const funded = [...(await developmentAccounts()), ...seeds.map((seed) => ({ address: seed.operator }))];
  const document = localGenesis({
    chainId: localChainId(),
    time: options.time ?? Date.now(),
    params: options.params ?? {},
    modules: options.modules,
    validators: seeds,
    balances: funded.map(({ address }) => ({ address, amount: ALLOWANCE })),
  });
  const checked = parseGenesis(document, options.modules);
  if (!checked.ok) throw new Error(`the local genesis breaks its own rules: ${JSON.stringify(checked.errors)}`);
  for (let i = 0; i < count; i++) writeJson(homePaths(nodeHome(dir, i)).genesis, document);
  writeMarker(dir, count, true);
}

async function developmentAccounts(): Promise<AccountKey[]> {
  const paths = Array.from({ length: FUNDED_ACCOUNTS }, (_, i) => accountPath(i));
  return deriveAccounts(DEVELOPMENT_MNEMONIC, paths);
}

/** Every node's settings, each other node as a peer. Settings that someone changed by hand are kept. */
async function writeConfigs(dir: string, count: number, portsOf: (index: number) => NodePorts): Promise<LocalNode[]> {
  const addresses: string[] = [];
  for (let i = 0; i < count; i++) {
    const peerId = await peerIdOfSeed(loadNodeKey(homePaths(nodeHome(dir, i)).nodeKey).seed);
    addresses.push(`/ip4/127.0.0.1/tcp/${portsOf(i).p2p}/p2p/${peerId}`);
  }
  return addresses.map((own, i) => {
    const home = nodeHome(dir, i);
    const paths = homePaths(home);
    const ports = portsOf(i);
    const base: NodeConfig = existsSync(paths.config)
      ? readConfig(paths.config)
      : { ...defaultConfig(), moniker: `node${i}` };
    const config: NodeConfig = {
      ...base,
      rpc: { ...base.rpc, port: ports.rpc },
      p2p: { ...base.p2p, listen: `/ip4/127.0.0.1/tcp/${ports.p2p}`, peers: addresses.filter((peer) => peer !== own) },
      metrics: { ...base.metrics, port: ports.metrics },
    };
    writeJson(paths.config, config);
    return { home, moniker: config.moniker, ports, rpc: `http://${config.rpc.host}:${ports.rpc}`, log: paths.log };
  });
}

function readOwnGenesis(dir: string, modules: readonly GenesisModule[]): Genesis {
  try {
    return readGenesis(homePaths(nodeHome(dir, 0)).genesis, modules);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${error.message}\nA new network is made by --fresh.`, { cause: error });
  }
}

/**
 * Makes a local network, or takes up the one that is in the folder.
 * @throws UserError when the folder holds something else, or another number of validators.
 */
export async function makeLocalNetwork(options: LocalNetworkOptions): Promise<LocalNetwork> {
  const { validators } = options;
  if (
    validators !== undefined &&
    !(Number.isInteger(validators) && validators >= 1 && validators <= MAX_LOCAL_VALIDATORS)
  ) {
    throw new UserError(`a local network has 1 to ${MAX_LOCAL_VALIDATORS} validators, not ${validators}`);
  }
  const dir = resolve(options.dir);
  let marker = readMarker(dir);
  if (marker !== undefined && (options.fresh === true || !marker.complete)) {
    removeNetwork(dir, marker);
    marker = undefined;
  }
  if (marker !== undefined && validators !== undefined && validators !== marker.validators) {
    const remedy = "start it without --validators, or afresh with --fresh";
    throw new UserError(`the network in ${dir} has ${marker.validators} validators, not ${validators}: ${remedy}`);
  }
  const count = marker?.validators ?? validators ?? 4;
  if (marker === undefined) await createNetwork(options, dir, count);
  const nodes = await writeConfigs(dir, count, options.ports ?? localPorts);
  const { spec } = readOwnGenesis(dir, options.modules);
  const { chainId, prefix, denom } = spec;
  const accounts = await developmentAccounts();
  return { dir, chainId, prefix, denom, created: marker === undefined, nodes, accounts, allowance: ALLOWANCE };
}
