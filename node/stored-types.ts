import type { Type } from "@chainsafe/ssz";
import { CHAIN_STATE } from "../chain/executor/chain-state.ts";
import { modules } from "../modules/registry.ts";
import type { StoredType } from "../state/collections.ts";
import { decodeWire } from "./wire.ts";

/** Of the modules and of the chain itself, by the prefix's two bytes: looked up for each entry of a state. */
const BY_PREFIX: ReadonlyMap<number, StoredType<unknown>> = new Map(
  [...modules.flatMap((module) => Object.values(module.stored)), ...CHAIN_STATE].map(
    (stored) => [prefixNumber(stored.prefix), stored] as const,
  ),
);

function prefixNumber(key: Uint8Array): number {
  return ((key[0] ?? 0) << 8) | (key[1] ?? 0);
}

/** What the values under a key are, be they a module's or the chain's own. Undefined for a key of no part of the state. */
export function valueTypeOf(key: Uint8Array): Type<unknown> | undefined {
  return key.length < 2 ? undefined : BY_PREFIX.get(prefixNumber(key))?.type;
}

/**
 * The hash_tree_root that the state's tree commits to for a value that a stranger gave.
 * @returns undefined for a key of no part of the state, and for bytes that are not the one serialisation of a value.
 */
export function storedRootOf(key: Uint8Array, bytes: Uint8Array): Uint8Array | undefined {
  const type = valueTypeOf(key);
  const value = type === undefined ? undefined : decodeWire(type, bytes);
  return value === undefined ? undefined : type?.hashTreeRoot(value);
}
