import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FAILPOINTS } from "../../node/failpoints.ts";

const ROOT = join(import.meta.dirname, "../..");
/** The files that pass the points, each on its own account. */
const SOURCES = [
  "consensus/wal/wal.ts",
  "consensus/signer/sign-state.ts",
  "state/create-store.ts",
  "node/genesis-state.ts",
  "node/attester/attestation-store.ts",
  "node/blobs/blob-store.ts",
  "node/snapshots/snapshot-store.ts",
  "node/snapshots/restore.ts",
];

test("the page has the table of the failpoints, in its order", () => {
  const [, page = ""] = readFileSync(join(ROOT, "docs/crash-safety.md"), "utf8").split("\n## The points\n");
  const rows = page.split("\n").filter((line) => /^\| `[a-z]+\.[a-z.]+` \|/.test(line));
  expect(rows).toEqual(
    Object.entries(FAILPOINTS).map(([name, { done, missing }]) => `| \`${name}\` | ${done} | ${missing} |`),
  );
});

test("every point of the table is passed in one place, and no other is", () => {
  const text = SOURCES.map((path) => readFileSync(join(ROOT, path), "utf8")).join("\n");
  const passed = [...text.matchAll(/failpoint(?:\?\.)?\("([a-z.]+)"\)/g)].map(([, name]) => name ?? "");
  expect(passed.toSorted()).toEqual(Object.keys(FAILPOINTS).toSorted());
});
