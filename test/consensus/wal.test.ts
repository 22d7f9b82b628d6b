import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SignedProposal } from "../../chain/types/block.ts";
import { PREVOTE } from "../../chain/types/vote.ts";
import { crc32c } from "../../consensus/wal/crc32c.ts";
import type { WalRecord } from "../../consensus/wal/records.ts";
import { createWal, type Wal, WalError } from "../../consensus/wal/wal.ts";
import { idOf, makeBlock, NIL, spec } from "./fixture.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "assay-wal-"));
  path = join(folder, "wal");
});

afterEach(() => rmSync(folder, { recursive: true }));

const block = makeBlock({
  height: 3,
  time: 5,
  proposerIndex: 1,
  parentId: NIL,
  transactions: [new Uint8Array(40).fill(6)],
});
const signed: SignedProposal = {
  proposal: { height: 3, round: 2, polRound: 1, blockId: idOf(block) },
  signature: new Uint8Array(96).fill(4),
  block,
};
const vote = {
  type: PREVOTE,
  height: 3,
  round: 1,
  blockId: NIL,
  validatorIndex: 2,
  signature: new Uint8Array(96).fill(5),
};
const RECORDS: readonly WalRecord[] = [
  { kind: "proposal", signed, timely: true },
  { kind: "executed", blockId: idOf(block), outcome: "inferenceDiffers" },
  { kind: "timeout", timeout: "precommit", round: 7 },
  { kind: "abstain" },
  { kind: "vote", vote },
];

function open(height: number, torn?: (found: { offset: number; bytes: number; copy: string }) => void) {
  const wal = createWal({ path, genesisRoot: spec.genesisRoot, ...(torn === undefined ? {} : { onTornTail: torn }) });
  return { wal, records: wal.open(height) };
}

async function reopen(height: number): Promise<readonly WalRecord[]> {
  const { wal, records } = open(height);
  await wal.close();
  return records;
}

/** A closed log of height 3 with the given records, and where each of them ends. */
async function written(records: readonly WalRecord[]): Promise<number[]> {
  const { wal } = open(3);
  const ends = [readFileSync(path).length];
  for (const record of records) {
    wal.append(record);
    ends.push(readFileSync(path).length);
  }
  await wal.sync();
  await wal.close();
  return ends;
}

function plain(records: readonly WalRecord[]): unknown {
  return records.map((record) =>
    record.kind === "proposal" ? { ...record, signed: SignedProposal.toJson(record.signed) } : record,
  );
}

test.each([
  // RFC 3720, appendix B.4.
  ["32 bytes of zeroes", new Uint8Array(32), 0x8a9136aa],
  ["32 bytes of ones", new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ["32 ascending bytes", Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ["32 descending bytes", Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
  ["the check value", Uint8Array.from(Buffer.from("123456789")), 0xe3069283],
])("CRC-32C of %s", (_name, bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected);
});

test("records come back in order, of every kind", async () => {
  await written(RECORDS);
  expect(plain(await reopen(3))).toEqual(plain(RECORDS));
});

test("a new height ends the one before, and an old one is dropped on opening", async () => {
  const { wal } = open(3);
  for (const record of RECORDS) wal.append(record);
  wal.startHeight(4);
  wal.append(RECORDS[2] as WalRecord);
  await wal.close();
  expect(await reopen(4)).toEqual([RECORDS[2]]);
  // The database has moved on without the log: a crash between the two.
  expect(await reopen(5)).toEqual([]);
  expect(await reopen(5)).toEqual([]);
});

test("the file is emptied once it is large", async () => {
  const { wal } = open(3);
  const large: WalRecord = {
    kind: "proposal",
    signed: { ...signed, block: { ...block, body: { ...block.body, transactions: [new Uint8Array(700_000)] } } },
    timely: true,
  };
  wal.append(large);
  wal.startHeight(4);
  wal.append(large);
  expect(readFileSync(path).length).toBeGreaterThan(1_400_000);
  wal.startHeight(5);
  expect(readFileSync(path).length).toBeLessThan(100);
  wal.append(RECORDS[4] as WalRecord);
  await wal.close();
  expect(await reopen(5)).toEqual([RECORDS[4]]);
});

test("a log of a later height than the database's, or of another chain, refuses to open", async () => {
  await written(RECORDS);
  expect(() => open(2)).toThrow(/of height 3, but the database expects height 2.*older copy/);
  const other = createWal({ path, genesisRoot: new Uint8Array(32).fill(1) });
  expect(() => other.open(3)).toThrow(/genesis root 0707/);
});

test("a torn end is cut at every byte of the last record, with a copy kept", async () => {
  const ends = await written(RECORDS);
  const whole = readFileSync(path);
  const [from, to] = ends.slice(-2) as [number, number];
  for (let length = from; length < to; length++) {
    writeFileSync(path, whole.subarray(0, length));
    rmSync(`${path}.torn`, { force: true });
    const found: unknown[] = [];
    const { wal, records } = open(3, (torn) => found.push(torn));
    expect(plain(records)).toEqual(plain(RECORDS.slice(0, -1)));
    expect(found).toEqual(length === from ? [] : [{ offset: from, bytes: length - from, copy: `${path}.torn` }]);
    if (length > from) expect(readFileSync(`${path}.torn`).length).toBe(length);
    // What is appended now follows the good records.
    wal.append(RECORDS[4] as WalRecord);
    await wal.close();
    expect(plain(await reopen(3))).toEqual(plain(RECORDS));
  }
});

test("a file that ends within its first record starts afresh", async () => {
  await written([]);
  truncateSync(path, 20);
  expect(await reopen(3)).toEqual([]);
  expect(existsSync(`${path}.torn`)).toBe(true);
});

test("zeroes after the last record are a torn end", async () => {
  await written(RECORDS);
  appendFileSync(path, new Uint8Array(5000));
  expect((await reopen(3)).length).toBe(RECORDS.length);
});

test("any flipped bit before the last record refuses, in it is cut off", async () => {
  const ends = await written(RECORDS);
  const whole = readFileSync(path);
  const last = ends.at(-2) ?? 0;
  for (let at = 0; at < whole.length; at++) {
    const flipped = Uint8Array.from(whole);
    flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
    writeFileSync(path, flipped);
    if (at < last) expect(() => open(3), `byte ${at}`).toThrow(WalError);
    else expect((await reopen(3)).length, `byte ${at}`).toBe(RECORDS.length - 1);
  }
});

test("records of an unknown kind under a right checksum refuse", async () => {
  const wal: Wal = open(3).wal;
  await wal.close();
  const payload = Uint8Array.of(0xa4, 9, 0, 0, 0, 0);
  const frame = new Uint8Array(8 + payload.length);
  frame.set(payload, 8);
  new DataView(frame.buffer).setUint32(4, payload.length, true);
  new DataView(frame.buffer).setUint32(0, crc32c(frame.subarray(4)), true);
  appendFileSync(path, frame);
  expect(() => open(3)).toThrow(/unknown form.*another version/);
});
