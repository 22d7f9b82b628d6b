import type { Wal } from "../consensus/wal/wal.ts";

/** A write-ahead log that keeps silent while blocks are committed which are not on the disk yet. */
export interface DeferrableWal extends Wal {
  /** From now on nothing is logged: a log must not lead beyond the database. Nothing may be signed meanwhile. */
  defer(): void;
  /** The database has caught up: the height that has begun last is logged, and from now on everything. */
  resume(): void;
}

/**
 * What is said at a height while the log keeps silent is not replayed after a crash: the node then abstains from that height, as after any
 * other loss of its log.
 */
export function createDeferrableWal(wal: Wal): DeferrableWal {
  let isDeferring = false;
  let begun: number | undefined;
  return {
    ...wal,
    append(record) {
      if (!isDeferring) wal.append(record);
    },
    startHeight(height) {
      if (isDeferring) begun = height;
      else wal.startHeight(height);
    },
    sync: () => (isDeferring ? Promise.resolve() : wal.sync()),
    isLarge: () => !isDeferring && wal.isLarge(),
    defer() {
      isDeferring = true;
    },
    resume() {
      isDeferring = false;
      if (begun !== undefined) wal.startHeight(begun);
      begun = undefined;
    },
  };
}
