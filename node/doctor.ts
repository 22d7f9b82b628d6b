import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { headerRoot } from "../chain/block-roots.ts";
import { equalBytes, toHex } from "../chain/bytes.ts";
import { verifyCommit } from "../chain/commit.ts";
import type { Bls } from "../chain/crypto/bls.ts";
import { sha256 } from "../chain/crypto/hash.ts";
import { isGenesis, readTip, readValidators } from "../chain/executor/chain-state.ts";
import type { ChainSpec } from "../chain/module.ts";
import { Body, type CertifiedBlock } from "../chain/types/block.ts";
import { INVARIANTS } from "../modules/invariants.ts";
import { EMPTY, pathOf } from "../state/jmt/hash.ts";
import { createTreeBuilder } from "../state/snapshot-tree.ts";
import type { StateStore } from "../state/store.ts";
import { heightOfBlock, locateTx, oldestBlock, readCertified } from "./block-store.ts";
import { storedRootOf } from "./stored-types.ts";

/** What the doctor looks at: a store that nobody writes to. */
export interface Patient {
  readonly store: StateStore;
  readonly spec: ChainSpec;
  readonly bls: Bls;
}

/** One thing that is looked at. `check` yields what is wrong, of which the first few are shown. */
export interface Examination {
  readonly name: string;
  readonly check: (patient: Patient) => Iterable<string> | AsyncIterable<string>;
}

/** The state's root, computed from the values alone, is that of the tree and of the last header. */
async function* stateRoot({ store }: Patient): AsyncGenerator<string> {
  const folder = mkdtempSync(join(tmpdir(), "assay-doctor-"));
  const builder = createTreeBuilder(store.height, join(folder, "tree"));
  const state = store.freeze();
  try {
    for await (const [key, value] of state.entries()) {
      const root = storedRootOf(key, value);
      if (root === undefined) yield `the value under ${toHex(key)} is none of its type`;
      else builder.add(pathOf(key), root);
    }
    const slot = await builder.finish(() => Promise.resolve());
    const root = slot?.hash ?? EMPTY;
    if (!equalBytes(root, store.root)) yield `the values make ${toHex(root)}, the tree has ${toHex(store.root)}`;
    const header = readCertified(store, store.height)?.block.header;
    if (header !== undefined && !equalBytes(header.stateRoot, store.root)) {
      yield `the header has ${toHex(header.stateRoot)}, the tree ${toHex(store.root)}`;
    }
  } finally {
    builder.close();
    await state.release();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Each value is found by way of the tree, too. */
async function* treeValues({ store }: Patient): AsyncGenerator<string> {
  const byTree = store.at(store.height);
  const state = store.freeze();
  try {
    for await (const [key, value] of state.entries()) {
      const found = byTree?.get(key);
      if (found === undefined || !equalBytes(found, value))
        yield `the tree does not lead to the value under ${toHex(key)}`;
    }
  } finally {
    await state.release();
  }
}

/** The blocks that are kept, oldest first. Yields a text for one that is missing. */
function* keptBlocks(store: StateStore): Generator<CertifiedBlock | string> {
  if (isGenesis(store.latest)) return;
  for (let height = oldestBlock(store); height <= store.height; height++) {
    yield readCertified(store, height) ?? `block ${height} is missing`;
  }
}

function* hashChain({ store }: Patient): Generator<string> {
  let parent: Uint8Array | undefined;
  for (const found of keptBlocks(store)) {
    if (typeof found === "string") {
      yield found;
      parent = undefined;
      continue;
    }
    const { block, commit } = found;
    const { height, parentId, bodyRoot } = block.header;
    const id = headerRoot(block.header);
    if (!equalBytes(bodyRoot, Body.hashTreeRoot(block.body))) yield `block ${height}: the body is not the header's`;
    if (!equalBytes(commit.blockId, id)) yield `block ${height}: the certificate is another block's`;
    if (parent !== undefined && !equalBytes(parent, parentId))
      yield `block ${height}: its parent is not block ${height - 1}`;
    parent = id;
  }
  const { time } = readTip(store.latest);
  const last = isGenesis(store.latest) ? undefined : readCertified(store, store.height)?.block.header;
  if (last !== undefined && last.time !== time) yield `the state's time is ${time}, the last block's ${last.time}`;
}

/** Of each block whose validators the state still knows. */
function* certificates({ store, spec, bls }: Patient): Generator<string> {
  for (const found of keptBlocks(store)) {
    if (typeof found === "string") continue;
    const { height } = found.block.header;
    const validators = readValidators(store.latest, height);
    const fault = validators === undefined ? undefined : verifyCommit(found.commit, validators, spec, bls);
    if (fault !== undefined) yield `block ${height}: ${fault}`;
  }
}

function* indexes({ store }: Patient): Generator<string> {
  for (const found of keptBlocks(store)) {
    if (typeof found === "string") continue;
    const { header, body } = found.block;
    // The block of a snapshot stands alone.
    if (heightOfBlock(store, headerRoot(header)) !== header.height)
      yield `block ${header.height} is not found by its id`;
    for (const [index, bytes] of body.transactions.entries()) {
      const place = locateTx(store, sha256(bytes));
      if (place?.height !== header.height || place.index !== index) {
        yield `transaction ${index} of block ${header.height} is not found by its hash`;
      }
    }
  }
}

/** Everything there is to look at: the database, then the invariants of all modules. */
export const EXAMINATIONS: readonly Examination[] = [
  { name: "state root", check: stateRoot },
  { name: "tree and values", check: treeValues },
  { name: "chain of blocks", check: hashChain },
  { name: "certificates", check: certificates },
  { name: "indexes", check: indexes },
  ...INVARIANTS.map(({ module, name, check }) => ({
    name: `${module}.${name}`,
    check: ({ store, spec }: Patient) => check(store.latest, spec),
  })),
];

export interface Finding {
  readonly name: string;
  readonly faults: readonly string[];
  readonly milliseconds: number;
}

/** More of one kind say nothing more. */
const MAX_FAULTS = 20;

/** @param clock milliseconds, for how long each took. */
export async function* examine(patient: Patient, clock: () => number): AsyncGenerator<Finding> {
  for (const { name, check } of EXAMINATIONS) {
    const begun = clock();
    const faults: string[] = [];
    try {
      for await (const fault of check(patient)) {
        faults.push(fault);
        if (faults.length >= MAX_FAULTS) break;
      }
    } catch (error) {
      // A value that can't be read is a finding, not the end of the examination.
      faults.push(`stopped: ${error instanceof Error ? error.message : String(error)}`);
    }
    yield { name, faults, milliseconds: clock() - begun };
  }
}
