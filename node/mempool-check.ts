import { equalBytes } from "../chain/bytes.ts";
import { runAnte } from "../chain/executor/run-tx.ts";
import type { Runtime } from "../chain/executor/runtime.ts";
import type { BlockInfo } from "../chain/module.ts";
import type { Params } from "../chain/params.ts";
import type { DecodedTx } from "../chain/tx.ts";
import { ZERO_32 } from "../chain/types/primitives.ts";
import { fromByteString, toByteString } from "../state/byte-strings.ts";
import { createOverlay } from "../state/overlay.ts";
import type { Overlay, StateReader } from "../state/store.ts";

/** What a check of a transaction rested on and what it changed: while the one is as it was, the other needs no second check. */
export interface Checked {
  readonly gasUsed: number;
  /** Counts changes of the parameters. */
  readonly params: number;
  /** Keys in latin1, with what they held. */
  readonly reads: ReadonlyMap<string, Uint8Array | undefined>;
  /** It has looked through a range of keys. */
  readonly ranged: boolean;
  readonly writes: ReturnType<Overlay["changes"]>;
}

export interface CheckOptions {
  readonly runtime: Runtime;
  readonly latest: () => StateReader;
  readonly block: () => BlockInfo;
  /** Keys that every transaction changes and no check's outcome depends on, such as the balance that fees go to. */
  readonly ignored: ReadonlySet<string>;
}

/** The state as it would be after all waiting transactions' ante steps. */
export interface CheckState {
  /** Begins anew on the committed state. */
  reset(): void;
  /** Runs the ante step of a transaction and keeps nothing. Throws what it throws. */
  run(tx: DecodedTx, mode: "check" | "recheck"): Checked;
  /** Whether a check of this transaction would now come to the same. */
  holds(tx: DecodedTx, checked: Checked): boolean;
  apply(checked: Checked): void;
  /** Forgets what was applied: the keys hold again what the committed state has. */
  revert(checked: Checked): void;
}

/** Its check looks at the height or the time, or at what somebody else may take back. */
function isTimed({ body, authInfo }: DecodedTx): boolean {
  const { timeoutHeight, timeoutTimestamp, unordered } = body;
  return timeoutHeight > 0n || timeoutTimestamp !== undefined || unordered || (authInfo.fee?.granter ?? "") !== "";
}

function sameParams(a: Params, b: Params): boolean {
  return a.size === b.size && [...a].every(([name, value]) => b.get(name) === value);
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && equalBytes(a, b));
}

export function createCheckState({ runtime, latest, block, ignored }: CheckOptions): CheckState {
  let state = createOverlay(latest());
  let known = block().params;
  let changes = 0;

  /** They may be another object with each height, though they hardly ever change. */
  function paramsCount(): number {
    const { params } = block();
    if (params === known) return changes;
    if (!sameParams(params, known)) changes++;
    known = params;
    return changes;
  }

  function set(key: Uint8Array, bytes: Uint8Array | undefined): void {
    // Nobody asks for roots here.
    if (bytes === undefined) state.delete(key);
    else state.set(key, { bytes, root: ZERO_32 });
  }

  return {
    reset() {
      state = createOverlay(latest());
    },
    run(tx, mode) {
      const reads = new Map<string, Uint8Array | undefined>();
      let ranged = false;
      const base = state;
      const watched: StateReader = {
        get(key) {
          const value = base.get(key);
          const text = toByteString(key);
          if (!reads.has(text) && !ignored.has(text)) reads.set(text, value);
          return value;
        },
        iterate(range) {
          ranged = true;
          return base.iterate(range);
        },
      };
      const own = createOverlay(watched);
      const { gas } = runAnte({ block: block(), bls: runtime.bls, ante: runtime.ante }, own, tx, mode);
      const writes = own.changes().filter(([key]) => !ignored.has(toByteString(key)));
      return { gasUsed: gas.used, params: paramsCount(), reads, ranged, writes };
    },
    holds(tx, { params, reads, ranged }) {
      if (ranged || isTimed(tx) || params !== paramsCount()) return false;
      for (const [key, value] of reads) if (!isSame(state.get(fromByteString(key)), value)) return false;
      return true;
    },
    apply({ writes }) {
      for (const [key, value] of writes) set(key, value?.bytes);
    },
    revert({ writes }) {
      for (const [key] of writes) set(key, latest().get(key));
    },
  };
}
