import { ListBasicType, ListCompositeType } from "@chainsafe/ssz";
import { concatBytes, uint64Key } from "../chain/bytes.ts";
import { readHeight } from "../chain/executor/chain-state.ts";
import { AggregateVote } from "../chain/types/evidence.ts";
import { Uint64 } from "../chain/types/primitives.ts";
import type { SideWrites, StateStore } from "../state/store.ts";
import { KIND } from "./block-store.ts";

/*
 * The polkas that this node has seen at heights that took more than one go, kept beside the block as long as evidence of
 * the height counts: whoever moved its lock may be asked to show why, and anybody may answer.
 */

/** Polkas of a height: the latest, one for each round at most but for contradictions. */
const MAX_POLKAS = 4096;
const Polkas = new ListCompositeType(AggregateVote, MAX_POLKAS);
/** The heights that have any, ascending. Far fewer than the heights that evidence counts for; the oldest goes first. */
const MAX_HEIGHTS = 65_536;
const Heights = new ListBasicType(Uint64, MAX_HEIGHTS);

const HEIGHTS_KEY = Uint8Array.of(KIND.polkaHeights);
const polkasKey = (height: number): Uint8Array => concatBytes(Uint8Array.of(KIND.polkas), uint64Key(height));

type Reader = Pick<StateStore, "getSide" | "latest">;

function heightsWithPolkas(store: Reader): number[] {
  const bytes = store.getSide(HEIGHTS_KEY);
  return bytes === undefined ? [] : Heights.deserialize(bytes);
}

/** Heights forgotten with each block at most, more than the one that is added. */
const PRUNE_PER_BLOCK = 4;

/** What has to be written with the block of `height`; polkas of heights that the state has forgotten go. */
export function polkaWrites(store: Reader, height: number, polkas: readonly AggregateVote[]): SideWrites {
  const known = heightsWithPolkas(store);
  const surplus = known.length + 1 - MAX_HEIGHTS;
  const old = known
    .slice(0, PRUNE_PER_BLOCK)
    .filter((one, index) => index < surplus || readHeight(store.latest, one) === undefined);
  if (old.length === 0 && polkas.length === 0) return [];
  const kept = known.slice(old.length);
  const heights = polkas.length === 0 ? kept : [...kept, height];
  return [
    [HEIGHTS_KEY, Heights.serialize(heights)],
    ...old.map((one) => [polkasKey(one), undefined] as const),
    ...(polkas.length === 0 ? [] : [[polkasKey(height), Polkas.serialize(polkas.slice(-MAX_POLKAS))] as const]),
  ];
}

/** Every polka that this node has seen at a height, if any were kept. */
export function readPolkas(store: Reader, height: number): readonly AggregateVote[] {
  const bytes = store.getSide(polkasKey(height));
  return bytes === undefined ? [] : Polkas.deserialize(bytes);
}
