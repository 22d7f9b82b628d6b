import { setImmediate as nextTurn } from "node:timers/promises";
import { fromHex } from "../chain/bytes.ts";
import { GRPC, QueryError } from "../chain/errors.ts";
import type { StateStore } from "../state/store.ts";
import type { EventCondition, StoredBlock, TxLocation } from "./api.ts";
import { decodeLocation, eventIndexRange, locateTx, readBlock } from "./block-store.ts";

/** More hits than this are cut off, the oldest being kept: a search is answered from memory and must stay small. */
const MAX_HITS = 10_000;
/** Blocks that one search may read: what no index narrows down has to be read block by block. */
const MAX_BLOCKS = 10_000;
/** Blocks read in one turn of the event loop. */
const BLOCKS_PER_TURN = 16;

/** Heights, both inclusive; no height when `from` is above `to`. */
interface Bounds {
  readonly from: number;
  readonly to: number;
}

function narrowed({ from, to }: Bounds, { op, value }: EventCondition): Bounds {
  const height = Number(value);
  if (op === "EXISTS") return { from, to };
  if (op === "CONTAINS" || Number.isNaN(height)) return { from, to: from - 1 };
  switch (op) {
    case "=":
      return { from: Math.max(from, Math.ceil(height)), to: Math.min(to, Math.floor(height)) };
    case "<":
      return { from, to: Math.min(to, Math.ceil(height) - 1) };
    case "<=":
      return { from, to: Math.min(to, Math.floor(height)) };
    case ">":
      return { from: Math.max(from, Math.floor(height) + 1), to };
    case ">=":
      return { from: Math.max(from, Math.ceil(height)), to };
  }
}

async function byEvent(store: StateStore, { key, value }: EventCondition, { from, to }: Bounds): Promise<TxLocation[]> {
  const range = eventIndexRange(key, value, from, to);
  const hits: TxLocation[] = [];
  if (range === undefined) return hits;
  for await (const [found] of store.iterateSide(range)) {
    hits.push(decodeLocation(found.subarray(range.prefixBytes)));
    if (hits.length >= MAX_HITS) break;
  }
  return hits;
}

function byHash(store: StateStore, text: string, { from, to }: Bounds): TxLocation[] {
  const found = /^[0-9a-fA-F]{64}$/.test(text) ? locateTx(store, fromHex(text)) : undefined;
  return found !== undefined && found.height >= from && found.height <= to ? [found] : [];
}

function holds(value: string, { op, value: wanted }: EventCondition): boolean {
  switch (op) {
    case "=":
      return value === wanted;
    case "<":
      return Number(value) < Number(wanted);
    case "<=":
      return Number(value) <= Number(wanted);
    case ">":
      return Number(value) > Number(wanted);
    case ">=":
      return Number(value) >= Number(wanted);
    case "CONTAINS":
      return value.includes(wanted);
    case "EXISTS":
      return true;
  }
}

function matches(stored: StoredBlock | undefined, index: number, condition: EventCondition): boolean {
  const events = stored?.result.txs[index]?.events ?? [];
  return events.some(({ type, attributes }) =>
    attributes.some(([key, value]) => `${type}.${key}` === condition.key && holds(value, condition)),
  );
}

/** Reads blocks one after another, letting the node do other things in between. @throws QueryError for too many. */
function blockReader(store: StateStore): (height: number) => Promise<StoredBlock | undefined> {
  let last: { readonly height: number; readonly stored: StoredBlock | undefined } | undefined;
  let read = 0;
  return async (height) => {
    if (last?.height === height) return last.stored;
    read++;
    if (read > MAX_BLOCKS) {
      throw new QueryError(
        GRPC.invalidArgument,
        `the search reads more than ${MAX_BLOCKS} blocks; narrow it down with tx.height or an attribute that equals a text`,
      );
    }
    if (read % BLOCKS_PER_TURN === 0) await nextTurn();
    last = { height, stored: readBlock(store, height) };
    return last.stored;
  };
}

type BlockReader = ReturnType<typeof blockReader>;

async function byHeight(read: BlockReader, { from, to }: Bounds): Promise<TxLocation[]> {
  const hits: TxLocation[] = [];
  for (let height = from; height <= to && hits.length < MAX_HITS; height++) {
    const count = (await read(height))?.block.body.transactions.length ?? 0;
    for (let index = 0; index < count && hits.length < MAX_HITS; index++) hits.push({ height, index });
  }
  return hits;
}

/**
 * Transactions for which every condition holds, in block order. `tx.hash`, `tx.height` and equal attributes come from the
 * index; what remains is checked on those found.
 * @throws QueryError when too many blocks would have to be read.
 */
export async function searchTxs(
  store: StateStore,
  conditions: readonly EventCondition[],
  earliest: number,
): Promise<readonly TxLocation[]> {
  const all: Bounds = { from: Math.max(1, earliest), to: store.height };
  const bounds = conditions.filter(({ key }) => key === "tx.height").reduce(narrowed, all);
  if (bounds.from > bounds.to) return [];
  const others = conditions.filter(({ key }) => key !== "tx.height");
  const indexed = others.find(({ key }) => key === "tx.hash") ?? others.find(({ op }) => op === "=");
  const rest = others.filter((condition) => condition !== indexed);
  const read = blockReader(store);
  let hits: TxLocation[];
  if (indexed === undefined) hits = await byHeight(read, bounds);
  else if (indexed.key === "tx.hash") hits = byHash(store, indexed.value, bounds);
  else hits = await byEvent(store, indexed, bounds);
  if (rest.length === 0) return hits;
  const found: TxLocation[] = [];
  for (const at of hits) {
    const stored = await read(at.height);
    if (rest.every((condition) => matches(stored, at.index, condition))) found.push(at);
  }
  return found;
}
