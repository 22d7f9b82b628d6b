import type { StateWriter } from "../../state/store.ts";
import type { Bls } from "../crypto/bls.ts";
import { type GasMeter, unmetered } from "../gas.ts";
import type { BlockInfo, Context, Event } from "../module.ts";

/** A context together with the events emitted in it so far. */
export interface RecordingContext extends Context {
  readonly events: readonly Event[];
}

export function createContext(
  block: BlockInfo,
  store: StateWriter,
  bls: Bls,
  gas: GasMeter = unmetered(),
): RecordingContext {
  const events: Event[] = [];
  return {
    block,
    store,
    bls,
    gas,
    events,
    emit(type, ...attributes) {
      events.push({ type, attributes });
    },
  };
}
