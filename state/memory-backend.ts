import type { Backend } from "./backend.ts";
import { fromByteString, toByteString } from "./byte-strings.ts";
import type { KeyRange } from "./store.ts";

/** A backend in memory. Values are copied in, as a database would. */
export function createMemoryBackend(): Backend {
  const values = new Map<string, Uint8Array>();

  /** A copy, so that a write may fall between two steps of an iteration. PERF: sorts all keys of the range; writes pay nothing for order. */
  function keysIn(range: KeyRange): string[] {
    const [from, to] = [toByteString(range.start), toByteString(range.end)];
    const keys = [...values.keys()].filter((key) => key >= from && key < to).sort();
    return range.reverse === true ? keys.reverse() : keys;
  }

  return {
    get: (key) => values.get(toByteString(key)),
    async write(writes) {
      for (const [key, value] of writes) {
        const text = toByteString(key);
        if (value === undefined) values.delete(text);
        else values.set(text, new Uint8Array(value));
      }
    },
    async *keys(range) {
      for (const key of keysIn(range)) yield fromByteString(key);
    },
    async *entries(range) {
      for (const key of keysIn(range)) {
        const value = values.get(key);
        if (value !== undefined) yield [fromByteString(key), value];
      }
    },
    view() {
      const copies = new Map(values);
      const frozen = [...values.keys()].sort();
      return {
        async *entries({ start, end, reverse }) {
          const [from, to] = [toByteString(start), toByteString(end)];
          const within = frozen.filter((key) => key >= from && key < to);
          for (const key of reverse === true ? within.reverse() : within) {
            yield [fromByteString(key), copies.get(key) as Uint8Array];
          }
        },
        close: async () => {},
      };
    },
    close: async () => {},
  };
}
