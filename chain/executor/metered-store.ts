import { createOverlay } from "../../state/overlay.ts";
import type { Overlay, StateWriter } from "../../state/store.ts";
import { GAS, type GasMeter } from "../gas.ts";

/** What is behind each metered store. */
const behind = new WeakMap<StateWriter, { readonly store: StateWriter; readonly gas: GasMeter }>();

/** A store whose every access costs gas, by the Cosmos SDK's rules. */
export function meteredStore(store: StateWriter, gas: GasMeter): StateWriter {
  const metered: StateWriter = {
    get(key) {
      const value = store.get(key);
      gas.consume(GAS.readFlat + GAS.readPerByte * (key.length + (value?.length ?? 0)), "read");
      return value;
    },
    *iterate(range) {
      for (const entry of store.iterate(range)) {
        gas.consume(GAS.iterateFlat + GAS.readPerByte * (entry[0].length + entry[1].length), "iterate");
        yield entry;
      }
    },
    set(key, value) {
      gas.consume(GAS.writeFlat + GAS.writePerByte * (key.length + value.bytes.length), "write");
      store.set(key, value);
    },
    delete(key) {
      gas.consume(GAS.delete, "delete");
      store.delete(key);
    },
  };
  behind.set(metered, { store, gas });
  return metered;
}

/**
 * An overlay that costs what writing to `store` itself would, access by access, and whose flush costs nothing more. Over a metered store alone, writes
 * would be paid for at the flush only: not where it comes to none, and once for a key however often it was written.
 */
export function overlayOf(store: StateWriter): { readonly overlay: Overlay; readonly store: StateWriter } {
  const found = behind.get(store);
  const overlay = createOverlay(found?.store ?? store);
  return { overlay, store: found === undefined ? overlay : meteredStore(overlay, found.gas) };
}
