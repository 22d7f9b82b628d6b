import { type ChildProcess, spawn } from "node:child_process";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Level } from "level";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DataFolderError, openLevelStore } from "../../state/level-store.ts";
import { createMemoryStore } from "../../state/memory-store.ts";
import { createOverlay } from "../../state/overlay.ts";
import type { StateStore } from "../../state/store.ts";
import { read, text, value } from "./model.ts";
import { blockOf } from "./store-blocks.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "assay-level-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function commitBlock(store: StateStore, height: number): Promise<void> {
  const overlay = createOverlay(store.latest);
  for (const [key, stored] of blockOf(height)) {
    if (stored === undefined) overlay.delete(key);
    else overlay.set(key, stored);
  }
  await store.commit(store.prepare(height, overlay.changes()), []);
}

function start(path: string, mode: "commit" | "hold"): { child: ChildProcess; lines: AsyncIterator<string> } {
  const script = new URL("./store-process.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [script, path, mode], { stdio: ["ignore", "pipe", "inherit"] });
  if (child.stdout === null) throw new Error("no output");
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
}

async function failure(path: string): Promise<unknown> {
  try {
    await (await openLevelStore(path, { retention: 1 })).close();
  } catch (error) {
    return error;
  }
  return undefined;
}

test("a folder that another process has open is refused in one line, and free again when that process is gone", async () => {
  const path = join(folder, "held");
  const { child, lines } = start(path, "hold");
  expect((await lines.next()).value).toBe("open");
  const error = await failure(path);
  expect(error).toBeInstanceOf(DataFolderError);
  expect(error).toMatchObject({ code: "inUse", path, message: `data folder ${path} is in use by another process` });
  await kill(child);
  expect(await failure(path)).toBeUndefined();
});

test("so is a folder that this process has open, and one that can't be read or is of another format", async () => {
  const path = join(folder, "mine");
  const store = await openLevelStore(path, { retention: 1 });
  expect(await failure(path)).toMatchObject({ code: "inUse" });
  await store.close();
  await store.close();
  const file = join(folder, "file");
  await writeFile(file, "not a folder");
  expect(await failure(file)).toMatchObject({ code: "unreadable", message: expect.stringContaining(file) });
  const foreign = new Level<Uint8Array, Uint8Array>(join(folder, "foreign"), {
    keyEncoding: "view",
    valueEncoding: "view",
  });
  await foreign.put(Uint8Array.of(0), new Uint8Array(23).fill(9));
  await foreign.close();
  const error = await failure(join(folder, "foreign"));
  expect(error).toMatchObject({ code: "unreadable", message: expect.stringContaining("of another format") });
});

test("a copy of the folder made before the commit holds the old height, one made after it the new one", async () => {
  const path = join(folder, "copied");
  const store = await openLevelStore(path, { retention: 5 });
  for (let height = 0; height < 3; height++) await commitBlock(store, height);
  const overlay = createOverlay(store.latest);
  overlay.set(text("new"), value("1"));
  const update = store.prepare(3, overlay.changes());
  const [old, fresh] = [join(folder, "old"), join(folder, "fresh")];
  const root = store.root;
  await cp(path, old, { recursive: true });
  await store.commit(update, [[text("block"), text("3")]]);
  await cp(path, fresh, { recursive: true });

  const before = await openLevelStore(old, { retention: 5 });
  expect([before.height, before.root]).toEqual([2, root]);
  expect([before.latest.get(text("new")), before.getSide(text("block"))]).toEqual([undefined, undefined]);
  const after = await openLevelStore(fresh, { retention: 5 });
  expect([after.height, after.root]).toEqual([3, update.root]);
  expect([after.latest.get(text("new")), after.getSide(text("block"))]).toEqual([text("1"), text("3")]);
  for (const s of [before, after, store]) await s.close();
});

test("killed while it commits, a process leaves a whole height that goes on as if nothing had been", async () => {
  const path = join(folder, "killed");
  const reference = createMemoryStore({ retention: Number.MAX_SAFE_INTEGER });
  for (const committed of [3, 11]) {
    await rm(path, { recursive: true, force: true });
    const { child, lines } = start(path, "commit");
    let last = "";
    while (last !== String(committed)) last = (await lines.next()).value ?? "";
    await kill(child);
    const store = await openLevelStore(path, { retention: 4 });
    const { height } = store;
    expect(height).toBeGreaterThanOrEqual(committed);
    while (!reference.initialised || reference.height < height + 3) {
      await commitBlock(reference, reference.initialised ? reference.height + 1 : 0);
    }
    expect(store.root).toEqual(reference.rootAt(height));
    expect(store.getSide(Uint8Array.of(height >> 8, height & 0xff))).toBeDefined();
    expect(store.getSide(Uint8Array.of((height + 1) >> 8, (height + 1) & 0xff))).toBeUndefined();
    for (let next = height + 1; next <= height + 3; next++) await commitBlock(store, next);
    for (let at = store.oldestHeight; at <= store.height; at++) {
      const [mine, theirs] = [store.at(at), reference.at(at)];
      if (mine === undefined || theirs === undefined) throw new Error(`height ${at} is missing`);
      expect(store.rootAt(at)).toEqual(reference.rootAt(at));
      expect(read(mine, "", "\xff", false)).toEqual(read(theirs, "", "\xff", false));
    }
    await store.close();
  }
});

test("pruning bounds the number of entries in the database", async () => {
  const path = join(folder, "pruned");
  const store = await openLevelStore(path, { retention: 2 });
  const count = async (): Promise<number> => {
    const copy = join(folder, "counted");
    await rm(copy, { recursive: true, force: true });
    await cp(path, copy, { recursive: true });
    const db = new Level<Uint8Array, Uint8Array>(copy, { keyEncoding: "view", valueEncoding: "view" });
    const keys = await db.keys().all();
    await db.close();
    return keys.length;
  };
  for (let height = 0; height < 40; height++) await commitBlock(store, height);
  const early = await count();
  for (let height = 40; height < 160; height++) await commitBlock(store, height);
  expect(await count()).toBeLessThan(early * 1.3);
  await store.close();
});
