import type { KeyRange } from "./store.ts";

/** `undefined` deletes. */
export type Write = readonly [key: Uint8Array, value: Uint8Array | undefined];

/** The little that a store needs of a key-value database with ordered keys. */
export interface Backend {
  get(key: Uint8Array): Uint8Array | undefined;
  /** All or nothing, in order, and on the disk when it resolves. Reads may see the writes somewhat earlier. */
  write(writes: readonly Write[]): Promise<void>;
  keys(range: KeyRange): AsyncIterable<Uint8Array>;
  entries(range: KeyRange): AsyncIterable<readonly [key: Uint8Array, value: Uint8Array]>;
  close(): Promise<void>;
}
