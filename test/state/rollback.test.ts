import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createStore } from "../../state/create-store.ts";
import { loadKeySets } from "../../state/key-sets.ts";
import { createMemoryBackend } from "../../state/memory-backend.ts";
import { createOverlay } from "../../state/overlay.ts";
import { RollbackError, rollbackTip } from "../../state/rollback.ts";
import type { StateStore } from "../../state/store.ts";
import { value } from "./model.ts";

type Change = readonly [key: string, text: string | null];

const KEYS = ["a", "ab", "abc", "b", "ba", "c", ""];
const texts = fc.constantFrom<string>("x", "y", "z".repeat(99));
const change: fc.Arbitrary<Change> = fc.tuple(fc.constantFrom(...KEYS), fc.option(texts, { nil: null }));
const histories = fc.array(fc.array(change, { maxLength: 6 }), { minLength: 2, maxLength: 8 });

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

async function commitAll(store: StateStore, history: readonly (readonly Change[])[]): Promise<void> {
  for (const changes of history) {
    const overlay = createOverlay(store.latest);
    for (const [key, text] of changes) {
      if (text === null) overlay.delete(bytes(key));
      else overlay.set(bytes(key), value(text));
    }
    const height = store.initialised ? store.height + 1 : 0;
    await store.commit(store.prepare(height, overlay.changes()), [[Uint8Array.of(height), Uint8Array.of(1)]]);
  }
}

function everything(store: StateStore): unknown {
  const all = { start: new Uint8Array(0), end: new Uint8Array(8).fill(255) };
  const at = (height: number) =>
    [...(store.at(height)?.iterate(all) ?? [])].map((pair) => pair.map((part) => Buffer.from(part).toString()));
  const heights = Array.from({ length: store.height + 1 - store.oldestHeight }, (_, i) => store.oldestHeight + i);
  return { height: store.height, root: Buffer.from(store.root).toString("hex"), states: heights.map(at) };
}

async function opened(backend: ReturnType<typeof createMemoryBackend>, retention: number): Promise<StateStore> {
  return createStore(backend, await loadKeySets(backend), { retention });
}

describe("undoing the last height", () => {
  test("gives the state that was there before it, and the height can be written again, as it was or otherwise", async () => {
    await fc.assert(
      fc.asyncProperty(
        histories,
        fc.array(change),
        fc.constantFrom(0, 1, 3, 1000),
        async (history, other, retention) => {
          const backend = createMemoryBackend();
          await commitAll(await opened(backend, retention), history);
          const shorter = createMemoryBackend();
          await commitAll(await opened(shorter, retention), history.slice(0, -1));

          expect(await rollbackTip(backend)).toBe(history.length - 2);
          const undone = await opened(backend, retention);
          const expected = await opened(shorter, retention);
          expect([undone.height, undone.root, undone.latest.get(bytes("ab"))]).toEqual([
            expected.height,
            expected.root,
            expected.latest.get(bytes("ab")),
          ]);
          // With no past kept, what the shorter one can read is its tip alone, and so it is here.
          if (retention >= history.length) expect(everything(undone)).toEqual(everything(expected));

          await commitAll(undone, [other]);
          await commitAll(expected, [other]);
          expect(undone.root).toEqual(expected.root);
          for (const key of KEYS) expect(undone.latest.get(bytes(key))).toEqual(expected.latest.get(bytes(key)));
        },
      ),
      { numRuns: 150 },
    );
  });

  test("leaves what stands beside the state", async () => {
    const backend = createMemoryBackend();
    await commitAll(await opened(backend, 5), [[["a", "x"]], [["a", "y"]]]);
    await rollbackTip(backend);
    expect((await opened(backend, 5)).getSide(Uint8Array.of(1))).toEqual(Uint8Array.of(1));
  });

  test("is refused at genesis, and twice where only one past state is kept", async () => {
    const backend = createMemoryBackend();
    await expect(rollbackTip(backend)).rejects.toThrow(new RollbackError("there is no state of this format"));
    const store = await opened(backend, 0);
    await commitAll(store, [[["a", "x"]]]);
    await expect(rollbackTip(backend)).rejects.toThrow(/nothing comes before it/);
    await commitAll(store, [[["a", "y"]], [["a", "z"]], [["a", "x"]]]);
    expect(await rollbackTip(backend)).toBe(2);
    await expect(rollbackTip(backend)).rejects.toThrow(new RollbackError("the state of height 1 is not kept"));
  });
});
