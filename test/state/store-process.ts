import { openLevelStore } from "../../state/level-store.ts";
import { createOverlay } from "../../state/overlay.ts";
import { blockOf } from "./store-blocks.ts";

/** A process of its own that commits block after block to the store in its first argument, and prints each height. */
const [path, mode] = process.argv.slice(2);
if (path === undefined) throw new Error("usage: store-process.ts <folder> commit|hold");
const store = await openLevelStore(path, { retention: 4 });
process.stdout.write("open\n");
for (let height = 0; mode === "commit"; height++) {
  const overlay = createOverlay(store.latest);
  for (const [key, value] of blockOf(height)) {
    if (value === undefined) overlay.delete(key);
    else overlay.set(key, value);
  }
  await store.commit(store.prepare(height, overlay.changes()), [[key(height), key(height)]]);
  process.stdout.write(`${height}\n`);
}
setInterval(() => {}, 1000);

function key(height: number): Uint8Array {
  return Uint8Array.of(height >> 8, height & 0xff);
}
