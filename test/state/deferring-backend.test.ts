import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Backend, BackendView } from "../../state/backend.ts";
import { createStore } from "../../state/create-store.ts";
import { createDeferringBackend } from "../../state/deferring-backend.ts";
import { createKeySets, loadKeySets } from "../../state/key-sets.ts";
import { createMemoryBackend } from "../../state/memory-backend.ts";
import { createOverlay } from "../../state/overlay.ts";
import type { StateStore } from "../../state/store.ts";

const RANGE = { start: Uint8Array.of(), end: Uint8Array.of(0xff) };
const key = fc.integer({ min: 0, max: 12 }).map((n) => Uint8Array.of(n >> 2, n & 3));
const writes = fc.array(fc.tuple(key, fc.option(fc.uint8Array({ maxLength: 2 }), { nil: undefined })), {
  maxLength: 8,
});

async function dump(source: Pick<BackendView, "entries">, reverse: boolean): Promise<string[]> {
  const found: string[] = [];
  for await (const [k, v] of source.entries({ ...RANGE, reverse })) found.push(`${k.join()}=${v.join()}`);
  return found;
}

test("whatever is held back, everything reads as if it had been written", async () => {
  await fc.assert(
    fc.asyncProperty(writes, writes, writes, async (before, held, after) => {
      const [plain, inner] = [createMemoryBackend(), createMemoryBackend()];
      const backend = createDeferringBackend(inner);
      for (const target of [plain, backend]) await target.write(before);
      const flushed = await dump(inner, false);
      backend.defer();
      for (const target of [plain, backend]) await target.write(held);
      expect(await dump(inner, false)).toEqual(flushed);
      const views = [plain.view(), backend.view()] as const;
      const seen = await dump(plain, false);
      for (const target of [plain, backend]) await target.write(after);
      for (const reverse of [false, true]) {
        expect(await dump(backend, reverse)).toEqual(await dump(plain, reverse));
        expect(await dump(views[1], reverse)).toEqual(await dump(views[0], reverse));
      }
      expect(await dump(views[1], false)).toEqual(seen);
      for (const [k] of [...before, ...held, ...after]) expect(backend.get(k)).toEqual(plain.get(k));
      await backend.flush();
      expect(await dump(inner, false)).toEqual(await dump(plain, false));
    }),
    { numRuns: 100 },
  );
});

test("what is written while a flush is on its way is not lost with what it wrote", async () => {
  const memory = createMemoryBackend();
  const gate = Promise.withResolvers<void>();
  const slow: Backend = {
    ...memory,
    async write(list) {
      await gate.promise;
      await memory.write(list);
    },
  };
  const backend = createDeferringBackend(slow);
  backend.defer();
  await backend.write([[Uint8Array.of(1), Uint8Array.of(1)]]);
  const flushed = backend.flush();
  const written = backend.write([[Uint8Array.of(2), Uint8Array.of(2)]]);
  gate.resolve();
  await Promise.all([flushed, written]);
  expect([backend.get(Uint8Array.of(2)), await dump(memory, false)]).toEqual([Uint8Array.of(2), ["1=1", "2=2"]]);
});

async function commit(store: StateStore, n: number): Promise<void> {
  const overlay = createOverlay(store.latest);
  overlay.set(Uint8Array.of(n), { bytes: Uint8Array.of(n), root: new Uint8Array(32).fill(n) });
  await store.commit(store.prepare(store.initialised ? store.height + 1 : 0, overlay.changes()), []);
}

test("a process that ends before the flush leaves the height of the last one", async () => {
  const disk = createMemoryBackend();
  const store = createStore(disk, createKeySets(), { retention: 5 });
  await commit(store, 1);
  await commit(store, 2);
  store.defer();
  for (const n of [3, 4, 5]) await commit(store, n);
  expect(store.height).toBe(4);
  expect(store.at(2)?.get(Uint8Array.of(3))).toEqual(Uint8Array.of(3));
  const reopen = async () => createStore(disk, await loadKeySets(disk), { retention: 5 });
  const crashed = await reopen();
  expect([crashed.height, crashed.latest.get(Uint8Array.of(3))]).toEqual([1, undefined]);
  await store.flush();
  const whole = await reopen();
  expect([whole.height, whole.root]).toEqual([4, store.root]);
});

test("a flush that fails leaves the disk in doubt: nothing is committed any more", async () => {
  const memory = createMemoryBackend();
  let failing = false;
  const disk: Backend = {
    ...memory,
    write: (some) => (failing ? Promise.reject(new Error("full")) : memory.write(some)),
  };
  const store = createStore(disk, createKeySets(), { retention: 5 });
  await commit(store, 1);
  store.defer();
  await commit(store, 2);
  failing = true;
  await expect(store.flush()).rejects.toThrow("full");
  await expect(commit(store, 3)).rejects.toThrow("an earlier commit failed");
});
