import type { StateWriter } from "../../state/store.ts";
import { GAS, type GasMeter } from "../gas.ts";

/** A store whose every access costs gas, by the Cosmos SDK's rules. */
export function meteredStore(store: StateWriter, gas: GasMeter): StateWriter {
  return {
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
}
