import type { KeyRange } from "./store.ts";

/** `undefined` deletes. */
export type Write = readonly [key: Uint8Array, value: Uint8Array | undefined];

/** Reads of a database as it was at one moment. PERF: keeps what has been replaced since on the disk until it is closed. */
export interface BackendView {
  entries(range: KeyRange): AsyncIterable<readonly [key: Uint8Array, value: Uint8Array]>;
  close(): Promise<void>;
}

/** The little that a store needs of a key-value database with ordered keys. */
export interface Backend {
  get(key: Uint8Array): Uint8Array | undefined;
  /** All or nothing, in order, and on the disk when it resolves. Reads may see the writes somewhat earlier. */
  write(writes: readonly Write[]): Promise<void>;
  keys(range: KeyRange): AsyncIterable<Uint8Array>;
  entries(range: KeyRange): AsyncIterable<readonly [key: Uint8Array, value: Uint8Array]>;
  /** What is there now, whatever is written later. To be closed. */
  view(): BackendView;
  close(): Promise<void>;
}
