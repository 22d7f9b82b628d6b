/** A half-open range of keys in byte order. */
export interface KeyRange {
  readonly start: Uint8Array;
  /** Exclusive. */
  readonly end: Uint8Array;
  readonly reverse?: boolean;
}

/** A value and its hash_tree_root: the tree commits to the root, so that proofs reach into a field. */
export interface StoredValue {
  readonly bytes: Uint8Array;
  readonly root: Uint8Array;
}

/** Reads are synchronous: a state transition has no interleaving. Returned arrays must not be modified. */
export interface StateReader {
  get(key: Uint8Array): Uint8Array | undefined;
  /** Keys and values in byte order of the keys. The store must not be written to while iterating. */
  iterate(range: KeyRange): Iterable<readonly [key: Uint8Array, value: Uint8Array]>;
}

export interface StateWriter extends StateReader {
  set(key: Uint8Array, value: StoredValue): void;
  delete(key: Uint8Array): void;
}

/** Writes held in memory over a parent. Dropping it undoes all. */
export interface Overlay extends StateWriter {
  /** The net changes, in byte order of the keys; `undefined` deletes. */
  changes(): readonly (readonly [key: Uint8Array, value: StoredValue | undefined])[];
  /** Applies all changes to the parent, which must be writable, and empties this overlay. */
  flush(): void;
}

/** A state root computed for changes over a base height, with what has to be written to keep it. */
export interface StateUpdate {
  readonly height: number;
  readonly root: Uint8Array;
}

/** Bytes that are kept beside the state in the same batch: blocks, receipts, commits, indexes. `undefined` deletes. */
export type SideWrites = readonly (readonly [key: Uint8Array, value: Uint8Array | undefined])[];

/** The latest values as they were at one height, whatever is committed afterwards. To be released. */
export interface FrozenState {
  readonly height: number;
  readonly root: Uint8Array;
  /** In byte order of the keys. */
  entries(): AsyncIterable<readonly [key: Uint8Array, value: Uint8Array]>;
  release(): Promise<void>;
}

/**
 * The committed state: flat latest values, a Jellyfish Merkle tree of versions, and past heights within retention.
 * Every method that reads is synchronous; `commit` is the only one that waits for the disk.
 */
export interface StateStore {
  /** The last committed height; 0 before genesis is written, and genesis itself is committed as height 0. */
  readonly height: number;
  readonly root: Uint8Array;
  /** True once height 0 has been committed. */
  readonly initialised: boolean;
  /** Reads at the tip. */
  readonly latest: StateReader;
  /** Reads at a retained past height, or undefined when it is pruned or in the future. */
  at(height: number): StateReader | undefined;
  rootAt(height: number): Uint8Array | undefined;
  /** The oldest height that `at` can answer. */
  readonly oldestHeight: number;
  /** Computes the root after changes over the tip, without writing anything. Several may be prepared from one tip. */
  prepare(height: number, changes: ReturnType<Overlay["changes"]>): StateUpdate;
  /** Writes a prepared update of tip + 1 (or genesis) and the side writes as one synced batch. */
  commit(update: StateUpdate, side: SideWrites): Promise<void>;
  /** A side value. */
  getSide(key: Uint8Array): Uint8Array | undefined;
  /** Side values in key order (explorer and index queries; never used by a state transition). */
  iterateSide(range: KeyRange): AsyncIterable<readonly [key: Uint8Array, value: Uint8Array]>;
  prove(key: Uint8Array, height: number): StateProof | undefined;
  /**
   * From now on commits stay in memory until `flush`, or until they are large: a crash leaves the height of the last flush. For blocks that
   * can be had again, while nothing is signed that rests on them.
   */
  defer(): void;
  /** Writes what was held back as one synced batch, and ends holding back. */
  flush(): Promise<void>;
  /** The tip's values for a long read in the background. Throws while a commit is being written. */
  freeze(): FrozenState;
  close(): Promise<void>;
}

/**
 * A membership or non-membership proof against a state root. `siblings` go from the leaf's level up to the root.
 * For a member, `leaf` is its path and value root. For a non-member, it is the other leaf found where the key would
 * be, or undefined for an empty subtree.
 */
export interface StateProof {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
  readonly leaf: { readonly path: Uint8Array; readonly valueRoot: Uint8Array } | undefined;
  readonly siblings: readonly Uint8Array[];
}
