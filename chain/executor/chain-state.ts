import { BitListType, ContainerType, ListBasicType, type ValueOf } from "@chainsafe/ssz";
import { bytesKey, collection, decodedOnce, heightKey, item, type StoredType } from "../../state/collections.ts";
import type { StateReader, StateWriter } from "../../state/store.ts";
import { equalBytes, fromUtf8, utf8 } from "../bytes.ts";
import { oncePerParams, ParamEntries, type Params, sealParams } from "../params.ts";
import type { Rotation } from "../proposer-rotation.ts";
import { MAX_VALIDATORS } from "../types/limits.ts";
import { Bytes32, Uint32, Uint64, UintBn64 } from "../types/primitives.ts";
import { ValidatorSet } from "../types/validator.ts";
import { sealSet, setRoot } from "../validator-set-root.ts";

/** What the chain itself, as opposed to its modules, keeps in the state. */

const HeightRecord = new ContainerType(
  { time: Uint64, validatorsRoot: Bytes32, paramsRoot: Bytes32 },
  { typeName: "HeightRecord" },
);
export type HeightRecord = ValueOf<typeof HeightRecord>;

/** A height's block, and the precommits for it that the next block holds: of those, all nodes know the same. */
const Decision = new ContainerType(
  { blockId: Bytes32, round: Uint32, signers: new BitListType(MAX_VALIDATORS) },
  { typeName: "Decision" },
);
export type Decision = ValueOf<typeof Decision>;

/**
 * Validator sets by root, so that a set that stays is written once and not at each height. `lastHeight` is the last
 * height the set voted at, zero while it still does: with that height's record the set is pruned too.
 */
const SetRecord = new ContainerType({ validators: ValidatorSet, lastHeight: Uint64 }, { typeName: "SetRecord" });

const Tip = new ContainerType({ height: Uint64, time: Uint64, beacon: Bytes32 }, { typeName: "Tip" });
export type Tip = ValueOf<typeof Tip>;

const Priorities = new ListBasicType(UintBn64, MAX_VALIDATORS);

const params = item("chain", 0, ParamEntries);
const tip = item("chain", 1, Tip);
const currentSet = item("chain", 2, Bytes32);
const priorities = item("chain", 3, Priorities);
const heights = collection("chain", 4, heightKey, HeightRecord);
const sets = collection("chain", 5, bytesKey(32), SetRecord);
const decisions = collection("chain", 6, heightKey, Decision);
/** Heights whose record is needed up to and including a block, however old it is. */
const pins = collection("chain", 7, heightKey, Uint64);

/** All of them, for whoever reads the state without their names. */
export const CHAIN_STATE: readonly StoredType<unknown>[] = [
  params,
  tip,
  currentSet,
  priorities,
  heights,
  sets,
  decisions,
  pins,
];

function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`the state holds no ${what}: it was not made by genesis`);
  return value;
}

/** PERF: each block reads the same parameters and set several times, and most blocks change neither. */
const decodeParams = decodedOnce((bytes) =>
  sealParams(ParamEntries.deserialize(bytes).map(({ name, value }) => [fromUtf8(name), value])),
);
const decodeSet = decodedOnce((bytes) => {
  const { validators, lastHeight } = SetRecord.deserialize(bytes);
  return Object.freeze({ validators: sealSet(validators), lastHeight });
});

/** Whoever reads equal bytes gets the same parameters, sealed. */
export function readParams(reader: StateReader): Params {
  return decodeParams(required(reader.get(params.storeKey), "parameters"));
}

const rootOfParams = oncePerParams((values) => ParamEntries.hashTreeRoot(paramEntries(values)));

/** hash_tree_root of all parameters in byte order of their names. */
export function paramsRoot(values: Params): Uint8Array {
  return rootOfParams(values).slice();
}

function paramEntries(values: Params): { name: Uint8Array; value: bigint }[] {
  return [...values].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => ({ name: utf8(name), value }));
}

export function writeParams(writer: StateWriter, values: Params): void {
  params.set(writer, paramEntries(values));
}

/** Height, time and beacon of the last executed block. */
export function readTip(reader: StateReader): Tip {
  return required(tip.get(reader), "tip");
}

export function writeTip(writer: StateWriter, value: Tip): void {
  tip.set(writer, value);
}

/** Whether no block has been executed on this state: it is what genesis wrote. */
export function isGenesis(reader: StateReader): boolean {
  return heights.get(reader, readTip(reader).height) === undefined;
}

function readSet(reader: StateReader, root: Uint8Array) {
  const bytes = reader.get(sets.storeKey(root));
  return bytes === undefined ? undefined : decodeSet(bytes);
}

/** The set that votes on the next block, with its priorities. */
export function readRotation(reader: StateReader): Rotation {
  const root = required(currentSet.get(reader), "validator set");
  return {
    validators: required(readSet(reader, root), "validators").validators,
    priorities: required(priorities.get(reader), "priorities").map((value) => BigInt.asIntN(64, value)),
  };
}

/** The set that voted on `height`, or undefined when it is pruned or not known yet. */
export function readValidators(reader: StateReader, height: number): ValidatorSet | undefined {
  const record = heights.get(reader, height);
  return record === undefined ? undefined : readSet(reader, record.validatorsRoot)?.validators;
}

export function readHeight(reader: StateReader, height: number): HeightRecord | undefined {
  return heights.get(reader, height);
}

/**
 * Records what was decided at `tip.height` and who votes next.
 * @param next the rotation from the next height on.
 */
export function writeRotation(writer: StateWriter, height: number, next: Rotation): void {
  const nextRoot = setRoot(next.validators);
  const root = currentSet.get(writer);
  if (root === undefined || !equalBytes(root, nextRoot)) {
    if (root !== undefined) {
      const old = required(readSet(writer, root), "validators");
      sets.set(writer, root, { validators: [...old.validators], lastHeight: height });
    }
    sets.set(writer, nextRoot, { validators: [...next.validators], lastHeight: 0 });
    currentSet.set(writer, nextRoot);
  }
  priorities.set(
    writer,
    next.priorities.map((value) => BigInt.asUintN(64, value)),
  );
}

/** Known from the block two heights later on, while evidence of the height counts. */
export function readDecision(reader: StateReader, height: number): Decision | undefined {
  return decisions.get(reader, height);
}

export function writeDecision(writer: StateWriter, height: number, decision: Decision): void {
  decisions.set(writer, height, decision);
}

/** Keeps a height's record and set at least until block `until` has been executed. */
export function pinHeight(writer: StateWriter, height: number, until: number): void {
  if ((pins.get(writer, height) ?? 0) < until) pins.set(writer, height, until);
}

/** Records the time and voters of a height, for evidence and late commits. */
export function writeHeight(writer: StateWriter, height: number, record: HeightRecord): void {
  heights.set(writer, height, record);
}

/**
 * Forgets at most `limit` records of heights that are older than both limits, with sets nobody refers to any more.
 * Oldest first: one that is pinned holds up those after it.
 * @param current the block that is being executed.
 */
export function pruneHeights(
  writer: StateWriter,
  current: number,
  before: { readonly height: number; readonly time: number },
  limit: number,
): void {
  const old = heights.entries(writer, { before: heightKey.encode(Math.max(before.height, 0)), limit });
  for (const [height, record] of old) {
    if (record.time >= before.time || (pins.get(writer, height) ?? 0) >= current) return;
    heights.delete(writer, height);
    if (decisions.has(writer, height)) decisions.delete(writer, height);
    if (pins.has(writer, height)) pins.delete(writer, height);
    const set = readSet(writer, record.validatorsRoot);
    if (set?.lastHeight === height) sets.delete(writer, record.validatorsRoot);
  }
}
