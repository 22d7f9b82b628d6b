import type { PageRequest, PageResponse } from "cosmjs-types/cosmos/base/query/v1beta1/pagination";
import { concatBytes, equalBytes } from "../chain/bytes.ts";
import { GRPC, QueryError } from "../chain/errors.ts";
import type { Collection, KeyCodec } from "../state/collections.ts";
import type { StateReader } from "../state/store.ts";

const DEFAULT_LIMIT = 100;
/** A larger limit gets a shorter page with a `next_key`: clients that follow it still see everything. */
const MAX_LIMIT = 1000;
/** PERF: an offset and `total` cost a read of every entry passed; counting ends here, so that a query is bounded. */
const MAX_VISITED = 100_000;
const BATCH = 256;
const ZERO = Uint8Array.of(0);

/** What is paged through: a collection, how its keys become bytes, and the prefix within which entries count. */
export interface PageSource<K, V> {
  readonly collection: Collection<K, V>;
  readonly key: KeyCodec<K>;
  readonly within?: Uint8Array;
}

export interface Page<T> {
  readonly items: T[];
  readonly pagination: PageResponse;
}

function* scan<K, V>(reader: StateReader, source: PageSource<K, V>, start: Uint8Array | undefined, reverse: boolean) {
  const within = source.within === undefined ? {} : { within: source.within };
  let bound = start;
  // Of a reversed page the start is included as well, and the upper bound is exclusive.
  if (bound !== undefined && reverse) bound = concatBytes(bound, ZERO);
  for (;;) {
    const range = bound === undefined ? {} : reverse ? { before: bound } : { from: bound };
    const batch = source.collection.entries(reader, { ...within, ...range, reverse, limit: BATCH });
    for (const [key, value] of batch) yield { encoded: source.key.encode(key), key, value };
    const last = batch.at(-1);
    if (last === undefined || batch.length < BATCH) return;
    const encoded = source.key.encode(last[0]);
    bound = reverse ? encoded : concatBytes(encoded, ZERO);
  }
}

function startKey(request: PageRequest | undefined, within: Uint8Array | undefined): Uint8Array | undefined {
  if (request === undefined || request.key.length === 0) return undefined;
  if (request.offset > 0n) {
    throw new QueryError(GRPC.invalidArgument, "invalid request, either offset or key is expected, got both");
  }
  if (within !== undefined && !equalBytes(request.key.subarray(0, within.length), within)) {
    throw new QueryError(GRPC.invalidArgument, "the pagination key is not one of this query");
  }
  return request.key;
}

/**
 * A page as the Cosmos SDK makes them: limit 0 is 100 and fills `total`; an empty `next_key` ends the list.
 * @param pick what an entry contributes; undefined leaves it out of the page and of the count.
 */
export function paginate<K, V, T>(
  reader: StateReader,
  source: PageSource<K, V>,
  request: PageRequest | undefined,
  pick: (key: K, value: V) => T | undefined,
): Page<T> {
  const start = startKey(request, source.within);
  const asked = request?.limit ?? 0n;
  const limit = asked === 0n ? DEFAULT_LIMIT : Number(asked < BigInt(MAX_LIMIT) ? asked : BigInt(MAX_LIMIT));
  const count = start === undefined && (asked === 0n || request?.countTotal === true);
  const offset = request?.offset ?? 0n;
  if (offset > BigInt(MAX_VISITED)) throw new QueryError(GRPC.invalidArgument, `an offset is at most ${MAX_VISITED}`);
  const items: T[] = [];
  let nextKey = new Uint8Array(0);
  let seen = 0n;
  let visited = 0;
  for (const { encoded, key, value } of scan(reader, source, start, request?.reverse ?? false)) {
    if (++visited > MAX_VISITED) break;
    if (nextKey.length > 0 && !count) break;
    const picked = pick(key, value);
    if (picked === undefined) continue;
    seen++;
    if (seen <= offset || nextKey.length > 0) continue;
    if (items.length < limit) items.push(picked);
    else nextKey = Uint8Array.from(encoded);
  }
  return { items, pagination: { nextKey, total: count ? seen : 0n } };
}
