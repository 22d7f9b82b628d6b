import fc from "fast-check";
import { expect, test } from "vitest";
import { createMemoryStore } from "../../state/memory-store.ts";
import { createOverlay } from "../../state/overlay.ts";
import type { Overlay, StateReader } from "../../state/store.ts";
import { read, slice, text, value } from "./model.ts";

const nothing: StateReader = { get: () => undefined, iterate: () => [] };
const key = fc.integer({ min: 0, max: 30 }).map((n) => `k${String.fromCharCode(n * 8)}`);
const step = fc.oneof(
  fc.record({ do: fc.constant("set" as const), key, content: fc.string({ maxLength: 3 }) }),
  fc.record({ do: fc.constant("delete" as const), key }),
  fc.record({ do: fc.constantFrom("open" as const, "flush" as const, "drop" as const) }),
);

/** Nested overlays and nested maps, side by side. */
function follow(base: StateReader, start: ReadonlyMap<string, string>) {
  const overlays: Overlay[] = [createOverlay(base)];
  const maps: Map<string, string>[] = [new Map(start)];
  const top = (): { overlay: Overlay; map: Map<string, string> } => {
    const overlay = overlays.at(-1);
    const map = maps.at(-1);
    if (overlay === undefined || map === undefined) throw new Error("no overlay");
    return { overlay, map };
  };
  return {
    top,
    open() {
      const { overlay, map } = top();
      overlays.push(createOverlay(overlay));
      maps.push(new Map(map));
    },
    flush() {
      if (overlays.length === 1) return;
      top().overlay.flush();
      expect(top().overlay.changes()).toEqual([]);
      overlays.pop();
      maps.splice(-2, 1);
    },
    drop() {
      if (overlays.length === 1) return;
      overlays.pop();
      maps.pop();
    },
  };
}

test("nested overlays over a committed store read as a map does", async () => {
  const store = createMemoryStore();
  const genesis = createOverlay(store.latest);
  const start = new Map<string, string>();
  for (let n = 0; n <= 30; n += 2) start.set(`k${String.fromCharCode(n * 8)}`, `start ${n}`);
  for (const [k, content] of start) genesis.set(text(k), value(content));
  await store.commit(store.prepare(0, genesis.changes()), []);

  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), key, key, (steps, from, to) => {
      const pair = follow(store.latest, start);
      for (const s of steps) {
        const { overlay, map } = pair.top();
        if (s.do === "set") {
          overlay.set(text(s.key), value(s.content));
          map.set(s.key, s.content);
        } else if (s.do === "delete") {
          overlay.delete(text(s.key));
          map.delete(s.key);
        } else pair[s.do]();
      }
      const { overlay, map } = pair.top();
      for (const reverse of [false, true]) {
        expect(read(overlay, "", "\xff", reverse)).toEqual(slice(map, "", "\xff", reverse));
        expect(read(overlay, from, to, reverse)).toEqual(slice(map, from, to, reverse));
      }
      const content = map.get(from);
      expect(overlay.get(text(from))).toEqual(content === undefined ? undefined : text(content));
    }),
    { numRuns: 300 },
  );
  expect(read(store.latest, "", "\xff", false)).toEqual(slice(start, "", "\xff", false));
});

test("changes are net, in byte order, and deletions are kept", () => {
  const overlay = createOverlay(nothing);
  overlay.set(text("b"), value("1"));
  overlay.set(text("a"), value("2"));
  overlay.set(text("b"), value("3"));
  overlay.set(text("\xff"), value("4"));
  overlay.delete(text("a"));
  expect(overlay.changes()).toEqual([
    [text("a"), undefined],
    [text("b"), value("3")],
    [text("\xff"), value("4")],
  ]);
});

test("an empty value is a value", () => {
  const overlay = createOverlay(nothing);
  overlay.set(text("a"), value(""));
  expect(overlay.get(text("a"))).toEqual(new Uint8Array());
  expect(read(overlay, "a", "b", false)).toEqual([["a", ""]]);
});

test("a key may be changed by its owner after a write", () => {
  const overlay = createOverlay(nothing);
  const k = text("a");
  overlay.set(k, value("1"));
  k[0] = 0x62;
  expect(read(overlay, "", "\xff", false)).toEqual([["a", "1"]]);
});

test("iteration asks the parent for one entry at a time", () => {
  let asked = 0;
  const parent: StateReader = {
    get: () => undefined,
    *iterate() {
      for (const k of ["a", "c", "e"]) {
        asked++;
        yield [text(k), text("parent")];
      }
    },
  };
  const overlay = createOverlay(parent);
  overlay.set(text("b"), value("own"));
  for (const [k] of overlay.iterate({ start: text("a"), end: text("z") })) if (k[0] === 0x62) break;
  expect(asked).toBe(2);
});

test("an overlay over a reader can't be flushed, and keeps its writes", () => {
  const overlay = createOverlay(nothing);
  overlay.set(text("a"), value("1"));
  expect(() => overlay.flush()).toThrow("can only be read");
  expect(overlay.changes()).toHaveLength(1);
});
