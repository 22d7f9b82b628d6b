import fs, { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PREVOTE } from "../../chain/types/vote.ts";
import { encodeFrame, readFrames } from "../../consensus/wal/frames.ts";
import { encodePayload, type WalRecord } from "../../consensus/wal/records.ts";
import { createWal, type WalOptions, type WalPoint } from "../../consensus/wal/wal.ts";
import { NIL, spec } from "./fixture.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "assay-wal-"));
  path = join(folder, "wal");
});

afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const voteIn = (round: number): WalRecord => ({
  kind: "vote",
  vote: { type: PREVOTE, height: 3, round, blockId: NIL, validatorIndex: 2, signature: new Uint8Array(96).fill(round) },
});

function open(options: Partial<WalOptions> = {}) {
  const wal = createWal({ path, genesisRoot: spec.genesisRoot, ...options });
  return { wal, records: wal.open(3) };
}

async function reopened(): Promise<readonly WalRecord[]> {
  const { wal, records } = open();
  await wal.close();
  return records;
}

async function write(records: readonly WalRecord[]): Promise<void> {
  const { wal } = open();
  for (const record of records) wal.append(record);
  await wal.close();
}

const anyRecord: fc.Arbitrary<WalRecord> = fc.oneof(
  fc.nat(40).map(voteIn),
  fc.nat(1000).map((round): WalRecord => ({ kind: "timeout", timeout: "prevote", round })),
  fc
    .uint8Array({ minLength: 32, maxLength: 32 })
    .map((blockId): WalRecord => ({ kind: "executed", blockId, outcome: "ok" })),
  fc.record({ blockId: fc.uint8Array({ minLength: 32, maxLength: 32 }), round: fc.nat(9) }).map(
    (value): WalRecord => ({
      kind: "checkpoint",
      round: 10,
      step: "precommit",
      locked: value,
      valid: undefined,
      prevoteTimer: true,
      precommitTimer: false,
      polka: true,
      outcomes: [{ blockId: value.blockId, outcome: "inferenceDiffers" }],
    }),
  ),
);

test("no flipped bit is taken for a record: in the last one it is a torn end, before it damage", () => {
  const frames = [voteIn(1), voteIn(2), { kind: "timeout", timeout: "propose", round: 4 } as const].map((record) =>
    encodeFrame(encodePayload(record)),
  );
  const whole = Uint8Array.from(Buffer.concat(frames));
  const last = whole.length - (frames[2]?.length ?? 0);
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const flipped = Uint8Array.from(whole);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const { payloads, end, laterFrameAt } = readFrames(flipped);
    if (bit >> 3 >= last) expect([payloads.length, end, laterFrameAt], `bit ${bit}`).toEqual([2, last, undefined]);
    else expect([payloads.length < 2, laterFrameAt !== undefined], `bit ${bit}`).toEqual([true, true]);
  }
});

test("cut anywhere, the log holds the whole records before the cut", () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { maxLength: 12 }), fc.nat(), (records, at) => {
      const frames = records.map((record) => encodeFrame(encodePayload(record)));
      const whole = Uint8Array.from(Buffer.concat(frames));
      const cut = at % (whole.length + 1);
      const { payloads, end, laterFrameAt } = readFrames(whole.subarray(0, cut));
      let fit = 0;
      let size = 0;
      while (fit < frames.length && size + (frames[fit]?.length ?? 0) <= cut) size += frames[fit++]?.length ?? 0;
      expect([payloads.length, end, laterFrameAt]).toEqual([fit, size, undefined]);
    }),
    { numRuns: 300 },
  );
});

test("whatever records are written come back, and garbage behind them does not hide or change any", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyRecord, { maxLength: 8 }),
      fc.uint8Array({ maxLength: 60 }),
      async (records, garbage) => {
        rmSync(path, { force: true });
        await write(records);
        appendFileSync(path, garbage);
        expect(await reopened()).toEqual(records);
      },
    ),
    { numRuns: 40 },
  );
});

test("each damaged copy is kept, up to ten", async () => {
  await write([voteIn(1)]);
  for (let time = 0; time < 12; time++) {
    appendFileSync(path, Uint8Array.of(1, 2, time));
    await reopened();
  }
  const copies = readdirSync(folder).filter((name) => name.startsWith("wal.torn"));
  expect(copies.length).toBe(10);
  expect(readFileSync(`${path}.torn`).at(-1)).toBe(0);
  expect(readFileSync(`${path}.torn.9`).at(-1)).toBe(11);
  expect(await reopened()).toEqual([voteIn(1)]);
});

test("a record that the disk takes only a part of leaves the log as it was", async () => {
  const { wal } = open();
  wal.append(voteIn(1));
  const before = readFileSync(path);
  const real = fs.writeSync;
  const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  let calls = 0;
  vi.spyOn(fs, "writeSync").mockImplementation(((fd: number, bytes: Uint8Array, offset: number) => {
    if (calls++ > 0) throw full;
    return real(fd, bytes, offset, 5);
  }) as typeof fs.writeSync);
  expect(() => wal.append(voteIn(2))).toThrow("ENOSPC");
  vi.restoreAllMocks();
  expect(readFileSync(path)).toEqual(before);
  await wal.close();
  expect(await reopened()).toEqual([voteIn(1)]);
});

test("compacting leaves the old log or the new one, and is due again only when much has come", async () => {
  const points: WalPoint[] = [];
  const { wal } = open({ compactBytes: 2000, failpoint: (point) => points.push(point) });
  for (let round = 0; round < 20; round++) wal.append(voteIn(round));
  expect(wal.isLarge()).toBe(true);
  await wal.compact([voteIn(7)]);
  expect(wal.isLarge()).toBe(false);
  wal.append(voteIn(8));
  await wal.sync();
  await wal.close();
  expect(points.filter((point) => point.startsWith("wal.compact"))).toEqual([
    "wal.compact.written",
    "wal.compact.renamed",
  ]);
  // What a crash before the new name leaves beside it is removed.
  writeFileSync(`${path}.tmp`, "half of it");
  expect(await reopened()).toEqual([voteIn(7), voteIn(8)]);
  expect(existsSync(`${path}.tmp`)).toBe(false);
});
