import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { accounts } from "../../modules/auth/store.ts";
import { balances } from "../../modules/bank/store.ts";
import { storedRootOf, valueTypeOf } from "../../node/stored-types.ts";
import { createMemoryStore } from "../../state/memory-store.ts";
import { createOverlay } from "../../state/overlay.ts";
import { OWNER, type Owner } from "../../state/prefixes.ts";

const ROOT = join(import.meta.dirname, "../..");

/** Every `collection("owner", n, …)` and `item("owner", n, …)` that the sources make. */
function madeInSources(): (readonly [owner: string, number: number])[] {
  return ["chain", "modules"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .flatMap((file) => {
        const text = readFileSync(join(ROOT, folder, file), "utf8");
        return [...text.matchAll(/\b(?:collection|item)\(\s*"(\w+)",\s*(\d+),/g)].map(
          ([, owner = "", number]) => [owner, Number(number)] as const,
        );
      }),
  );
}

test("every part of the state can be restored from a snapshot", () => {
  const made = madeInSources();
  expect(made.length).toBeGreaterThan(40);
  const unknown = made.filter(
    ([owner, number]) => valueTypeOf(Uint8Array.of(OWNER[owner as Owner], number)) === undefined,
  );
  expect(unknown).toEqual([]);
});

test("the root of a value is the one that it was stored with; what is no value has none", () => {
  const overlay = createOverlay(createMemoryStore().latest);
  balances.set(overlay, [new Uint8Array(20).fill(3), "uassay"], 77n);
  const [change] = overlay.changes();
  if (change?.[1] === undefined) throw new Error("nothing was written");
  const [key, value] = change;
  expect(storedRootOf(key, value.bytes)).toEqual(value.root);
  expect(storedRootOf(key, value.bytes.subarray(1))).toBeUndefined();
  expect(storedRootOf(Uint8Array.of(0xee, 1), value.bytes)).toBeUndefined();
  expect(storedRootOf(key.subarray(0, 1), value.bytes)).toBeUndefined();
  // A number above 2^53 reads as another: two encodings must not share a root.
  expect(storedRootOf(accounts.prefix, new Uint8Array(200).fill(0xff))).toBeUndefined();
});
