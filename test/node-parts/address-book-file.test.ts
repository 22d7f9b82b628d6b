import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { keepAddressBook, readAddressBook } from "../../node/address-book-file.ts";
import { defaultConfig } from "../../node/config.ts";
import { peerSettings } from "../../node/peer-settings.ts";
import type { SavedAddress } from "../../p2p/address-book.ts";

const PEER = "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5";
const ONE: SavedAddress = { address: `/ip4/198.51.100.1/tcp/1/p2p/${PEER}`, tried: true, source: PEER };

function setUp() {
  const dir = mkdtempSync(join(tmpdir(), "assay-addresses-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const warnings: string[] = [];
  const log = { warn: (_fields: unknown, message: string) => void warnings.push(message) };
  return { dir, path: join(dir, "addresses.json"), warnings, log };
}

test("what is kept is read again, and an empty book overwrites nothing", () => {
  const { path, log, warnings } = setUp();
  expect(readAddressBook(path, log)).toEqual([]);
  const known = [ONE, { ...ONE, tried: false, sourceGroup: "198.51" }];
  keepAddressBook({ path, known: () => known, log }).stop();
  expect(readAddressBook(path, log)).toEqual(known);
  keepAddressBook({ path, known: () => [], log }).stop();
  expect(readAddressBook(path, log)).toEqual(known);
  expect(warnings).toEqual([]);
});

const file = (addresses: unknown, version = 1): string => JSON.stringify({ version, addresses });

test.each([
  ["half a file", file([ONE]).slice(0, 60)],
  ["nothing", ""],
  ["null", "null"],
  ["another version", file([ONE], 2)],
  ["no list", file({ length: 1 })],
  ["too many", file(Array(1281).fill(ONE))],
  ["an entry that is none", file([ONE, null])],
  ["an address that is none", file([{ ...ONE, address: "/ip4/198.51.100.1/tcp/1" }])],
  ["a source that is too long", file([{ ...ONE, source: "x".repeat(1000) }])],
  ["a book that is too large", `${file([ONE])}${" ".repeat(1_048_576)}`],
])("a damaged book is put aside and a new one begun: %s", (_what, text) => {
  const { dir, path, log, warnings } = setUp();
  writeFileSync(path, text);
  expect(readAddressBook(path, log)).toEqual([]);
  expect(readdirSync(dir)).toEqual(["addresses.json.damaged"]);
  expect(readFileSync(`${path}.damaged`, "utf8")).toBe(text);
  expect(warnings).toEqual(["the address book is damaged: it was put aside, and a new one begins"]);
  expect(readAddressBook(path, log)).toEqual([]);
  expect(warnings).toHaveLength(1);
});

test("a book that can't be written is one warning, no fault", () => {
  const { dir, log, warnings } = setUp();
  keepAddressBook({ path: join(dir, "missing", "addresses.json"), known: () => [ONE], log }).stop();
  expect(warnings).toEqual(["the address book could not be written"]);
});

test("a private node, and one without exchange, has no discovery", () => {
  const config = defaultConfig();
  expect(peerSettings(config, [ONE]).discovery?.known).toEqual([ONE]);
  expect(peerSettings({ ...config, p2p: { ...config.p2p, exchange: false } }, []).discovery).toBeUndefined();
  const hidden = peerSettings({ ...config, p2p: { ...config.p2p, private: true } }, []);
  expect([hidden.isPrivate, hidden.discovery]).toEqual([true, undefined]);
});
