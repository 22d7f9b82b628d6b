import { execFileSync } from "node:child_process";
import { Level } from "level";
import { KIND } from "../node/block-store.ts";

/** What a node's database holds. State: values, the tree, and what past heights need. */
export const USE_PARTS = ["blocks", "results", "index", "values", "tree", "past", "rest", "files"] as const;
export type UsePart = (typeof USE_PARTS)[number];

/** First bytes of keys, as state/layout.ts has them. */
const TABLES: Readonly<Record<number, UsePart>> = {
  1: "values",
  2: "past",
  3: "past",
  4: "tree",
  5: "tree",
  6: "rest",
};
const SIDE = 7;
const SIDES: Readonly<Record<number, UsePart>> = {
  [KIND.block]: "blocks",
  [KIND.result]: "results",
  [KIND.blockId]: "index",
  [KIND.tx]: "index",
  [KIND.event]: "index",
};

interface Compacting {
  compactRange(start: Uint8Array, end: Uint8Array): Promise<void>;
}

/** Bytes of keys and values of each part before compression, and of the files, compacted and compressed. @param path of a closed database. */
export async function diskUse(path: string): Promise<Record<UsePart, number>> {
  const use = Object.fromEntries(USE_PARTS.map((part) => [part, 0])) as Record<UsePart, number>;
  const level = new Level<Uint8Array, Uint8Array>(path, { keyEncoding: "view", valueEncoding: "view" });
  await level.open();
  for await (const [key, value] of level.iterator()) {
    const part = key[0] === SIDE ? SIDES[key[1] ?? 0] : TABLES[key[0] ?? 0];
    use[part ?? "rest"] += key.length + value.length;
  }
  // What `level` is in Node, and its types leave out: the type is that of browsers, too.
  await (level as unknown as Compacting).compactRange(Uint8Array.of(0), Uint8Array.of(255));
  await level.close();
  use.files = Number(execFileSync("du", ["-sb", path], { encoding: "utf8" }).split("\t")[0]);
  return use;
}
