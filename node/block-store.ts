import { ByteListType, ContainerType, ListCompositeType } from "@chainsafe/ssz";
import { concatBytes, fromUtf8, uint64Key, utf8 } from "../chain/bytes.ts";
import { sha256 } from "../chain/crypto/hash.ts";
import type { ExecutedBlock } from "../chain/executor/execute-block.ts";
import { eventRecords, receiptBytes, type TxResult } from "../chain/executor/receipts.ts";
import type { Event } from "../chain/module.ts";
import { CertifiedBlock } from "../chain/types/block.ts";
import { Header } from "../chain/types/header.ts";
import { MAX_TXS_PER_BLOCK } from "../chain/types/limits.ts";
import { EventRecords, TxReceipt } from "../chain/types/receipt.ts";
import { Validator, ValidatorSet } from "../chain/types/validator.ts";
import type { Commit } from "../chain/types/vote.ts";
import type { SideWrites, StateStore } from "../state/store.ts";
import type { BlockResult, StoredBlock, TxLocation } from "./api.ts";

/** Blocks, results and indexes, kept beside the state and written in the same batch. The first byte says what a key is. */
export const KIND = {
  block: 1,
  result: 2,
  blockId: 3,
  tx: 4,
  event: 5,
  oldest: 6,
  polkas: 7,
  polkaHeights: 8,
} as const;

const StoredResult = new ContainerType(
  {
    txs: new ListCompositeType(
      // A receipt is kept as the bytes its hash is of.
      new ContainerType({ receipt: new ByteListType(TxReceipt.maxSize), log: new ByteListType(64 * 1024) }),
      MAX_TXS_PER_BLOCK,
    ),
    events: EventRecords,
    validators: ValidatorSet,
  },
  { typeName: "StoredResult" },
);

/** Longer values are left out of the index: nobody searches for them, and they would be paid for twice. */
const MAX_INDEXED_BYTES = 160;

function eventsOf(records: ReturnType<typeof EventRecords.deserialize>): Event[] {
  return records.map((event) => ({
    type: fromUtf8(event.type),
    attributes: event.attributes.map(({ key, value }) => [fromUtf8(key), fromUtf8(value)] as const),
  }));
}

function encodeResult(executed: ExecutedBlock): Uint8Array {
  return StoredResult.serialize({
    txs: executed.txs.map((tx) => ({
      receipt: receiptBytes(tx),
      log: utf8(tx.log).subarray(0, 64 * 1024),
    })),
    events: eventRecords(executed.events),
    validators: executed.setChanged ? [...executed.next.validators] : [],
  });
}

function decodeTxResult(receiptOf: Uint8Array, log: Uint8Array): TxResult {
  const receipt = TxReceipt.deserialize(receiptOf);
  return {
    code: receipt.code,
    codespace: fromUtf8(receipt.codespace),
    log: fromUtf8(log),
    data: receipt.data,
    gasWanted: receipt.gasWanted,
    gasUsed: receipt.gasUsed,
    events: eventsOf(receipt.events),
  };
}

/** Each part is decoded when it is first asked for: most readers of a block want none of them, and most commits have no listener. */
function decodeResult(bytes: Uint8Array): BlockResult {
  let kept: ReturnType<typeof StoredResult.deserialize> | undefined;
  let txs: readonly TxResult[] | undefined;
  const stored = (): NonNullable<typeof kept> => {
    kept ??= StoredResult.deserialize(bytes);
    return kept;
  };
  return {
    get txs() {
      txs ??= stored().txs.map(({ receipt, log }) => decodeTxResult(receipt, log));
      return txs;
    },
    get events() {
      return eventsOf(stored().events);
    },
    get validatorUpdates() {
      return stored().validators.map((value) => Validator.clone(value));
    },
  };
}

const sideKey = (kind: number, ...parts: readonly Uint8Array[]): Uint8Array =>
  concatBytes(Uint8Array.of(kind), ...parts);

function location(height: number, index: number): Uint8Array {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(height));
  view.setUint32(8, index);
  return bytes;
}

function decodeHeight(bytes: Uint8Array): number {
  return Number(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0));
}

export function decodeLocation(bytes: Uint8Array): TxLocation {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { height: Number(view.getBigUint64(0)), index: view.getUint32(8) };
}

/** What the index holds of an attribute: undefined for what is too long, or would be ambiguous before the location. */
function indexText(name: string, value: string): string | undefined {
  const text = `${name}=${value}`;
  return text.length <= MAX_INDEXED_BYTES && !text.includes("\0") ? text : undefined;
}

/**
 * The index keys of `type.key=value` in blocks `from` to `to`; a location follows the prefix of `prefixBytes`. Undefined for an
 * attribute that is not indexed.
 */
export function eventIndexRange(name: string, value: string, from: number, to: number) {
  const text = indexText(name, value);
  if (text === undefined) return undefined;
  const prefix = sideKey(KIND.event, utf8(text), Uint8Array.of(0));
  const range = { start: concatBytes(prefix, location(from, 0)), end: concatBytes(prefix, location(to + 1, 0)) };
  return { ...range, prefixBytes: prefix.length };
}

function eventKeys(height: number, txs: readonly TxResult[]): Uint8Array[] {
  const keys: Uint8Array[] = [];
  for (const [index, tx] of txs.entries()) {
    const names = new Set<string>();
    for (const event of tx.events) {
      for (const [key, value] of event.attributes) {
        const text = indexText(`${event.type}.${key}`, value);
        if (text !== undefined) names.add(text);
      }
    }
    for (const name of names) keys.push(sideKey(KIND.event, utf8(name), Uint8Array.of(0), location(height, index)));
  }
  return keys;
}

/**
 * All that is written for a committed block, and the block as it can be read afterwards. Its result is decoded from what is stored, so that
 * no listener hears of more than a later reader does; the rest is at hand.
 */
export function storedBlock(
  executed: ExecutedBlock,
  commit: Commit,
): { readonly writes: SideWrites; readonly stored: StoredBlock } {
  const { block, blockId } = executed;
  const height = block.header.height;
  const bytes = CertifiedBlock.serialize({ block, commit });
  const result = encodeResult(executed);
  const writes: SideWrites = [
    [sideKey(KIND.block, uint64Key(height)), bytes],
    [sideKey(KIND.result, uint64Key(height)), result],
    [sideKey(KIND.blockId, blockId), uint64Key(height)],
    ...executed.txHashes.map((hash, index) => [sideKey(KIND.tx, hash), location(height, index)] as const),
    ...eventKeys(height, executed.txs).map((key) => [key, new Uint8Array(0)] as const),
  ];
  return { writes, stored: { blockId, block, commit, result: decodeResult(result), size: bytes.length } };
}

/**
 * What a database that begins with a snapshot holds of the snapshot's block: the block, without results, which nobody could vouch for.
 * The oldest block with results is the next one.
 */
export function restoredBlockWrites({ block, commit }: CertifiedBlock): SideWrites {
  const { height } = block.header;
  return [
    [sideKey(KIND.block, uint64Key(height)), CertifiedBlock.serialize({ block, commit })],
    [sideKey(KIND.oldest), uint64Key(height + 1)],
  ];
}

function forgetWrites(store: StateStore, height: number): SideWrites {
  const stored = readBlock(store, height);
  if (stored === undefined) return [];
  return [
    sideKey(KIND.block, uint64Key(height)),
    sideKey(KIND.result, uint64Key(height)),
    sideKey(KIND.blockId, stored.blockId),
    ...stored.block.body.transactions.map((bytes) => sideKey(KIND.tx, sha256(bytes))),
    ...eventKeys(height, stored.result.txs),
  ].map((key) => [key, undefined] as const);
}

/** Blocks forgotten with each commit, more than the one that is added: a node told to keep fewer catches up in the background. */
const PRUNE_PER_BLOCK = 4;

/** Notes that a chain begins with a block of this height. */
export function firstBlockWrites(height: number): SideWrites {
  return [[sideKey(KIND.oldest), uint64Key(height)]];
}

/** The oldest block that is kept, or would be were there any. */
export function oldestBlock(store: Pick<StateStore, "getSide">): number {
  const bytes = store.getSide(sideKey(KIND.oldest));
  return bytes === undefined ? 1 : decodeHeight(bytes);
}

/**
 * What has to be written to forget blocks, oldest first, until `retain` are kept; a bounded number of them at once.
 * @param height of the block being added.
 * @param retain 0 keeps all.
 */
export function pruneWrites(store: StateStore, height: number, retain: number): SideWrites {
  const oldest = oldestBlock(store);
  const wanted = retain === 0 ? oldest : Math.max(oldest, height - retain + 1);
  const next = Math.min(wanted, oldest + PRUNE_PER_BLOCK);
  if (next === oldest) return [];
  const writes: (readonly [Uint8Array, Uint8Array | undefined])[] = [[sideKey(KIND.oldest), uint64Key(next)]];
  for (let old = oldest; old < next; old++) writes.push(...forgetWrites(store, old));
  // A snapshot's own block stands before the oldest.
  writes.push([sideKey(KIND.block, uint64Key(oldest - 1)), undefined]);
  return writes;
}

/** A serialised CertifiedBlock, as a peer that lags behind asks for it. */
export function readCertifiedBytes(store: Pick<StateStore, "getSide">, height: number): Uint8Array | undefined {
  return store.getSide(sideKey(KIND.block, uint64Key(height)));
}

export function readCertified(store: Pick<StateStore, "getSide">, height: number): CertifiedBlock | undefined {
  const bytes = readCertifiedBytes(store, height);
  return bytes === undefined ? undefined : CertifiedBlock.deserialize(bytes);
}

/** @param height any number: what is no height has no block. */
export function readBlock(store: StateStore, height: number): StoredBlock | undefined {
  if (!Number.isSafeInteger(height) || height < 1) return undefined;
  const bytes = store.getSide(sideKey(KIND.block, uint64Key(height)));
  const result = store.getSide(sideKey(KIND.result, uint64Key(height)));
  if (bytes === undefined || result === undefined) return undefined;
  const { block, commit } = CertifiedBlock.deserialize(bytes);
  return {
    blockId: Header.hashTreeRoot(block.header),
    block,
    commit,
    result: decodeResult(result),
    size: bytes.length,
  };
}

export function heightOfBlock(store: StateStore, blockId: Uint8Array): number | undefined {
  const bytes = store.getSide(sideKey(KIND.blockId, blockId));
  return bytes === undefined ? undefined : decodeHeight(bytes);
}

export function locateTx(store: StateStore, hash: Uint8Array): TxLocation | undefined {
  const bytes = store.getSide(sideKey(KIND.tx, hash));
  return bytes === undefined ? undefined : decodeLocation(bytes);
}
