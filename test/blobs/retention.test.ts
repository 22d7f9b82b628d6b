import { expect, test } from "vitest";
import { toHex } from "../../chain/bytes.ts";
import { writeTip } from "../../chain/executor/chain-state.ts";
import {
  due,
  InputBlobRecord,
  inputBlobs,
  JobRecord,
  jobBlobs,
  jobs,
  MODEL_STATUS,
  ModelRecord,
  models,
} from "../../modules/inference/store.ts";
import type { BlobStore } from "../../node/blobs/blob-store.ts";
import { blobReferences } from "../../node/blobs/references.ts";
import { createRetention, quotaCost } from "../../node/blobs/retention.ts";
import { createMemoryStore } from "../../state/memory-store.ts";
import { createOverlay } from "../../state/overlay.ts";

const root = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const SIZE = 100_000;

function setUp(referenced: Set<number>) {
  const blobs = new Map<string, Uint8Array>();
  let now = 1000;
  const written = new Map<string, number>();
  const store: Pick<BlobStore, "list" | "size" | "delete" | "has" | "writtenAt"> = {
    list: () => [...blobs.values()],
    size: (of) => (blobs.has(toHex(of)) ? SIZE : 0),
    has: (of) => blobs.has(toHex(of)),
    writtenAt: (of) => written.get(toHex(of)),
    delete: async (of) => void blobs.delete(toHex(of)),
  };
  const retention = createRetention({
    store,
    references: () => (of) => referenced.has(of[0] ?? -1),
    keepMs: 500,
    now: () => now,
  });
  return {
    retention,
    written,
    add: (byte: number) => blobs.set(toHex(root(byte)), root(byte)),
    left: () => [...blobs.values()].map((of) => of[0]),
    wait: (ms: number) => {
      now += ms;
    },
  };
}

test("what nothing refers to goes when its time is over, what something refers to stays for ever", async () => {
  const { retention, add, left, wait } = setUp(new Set([1]));
  add(1);
  add(2);
  await retention.sweep();
  wait(499);
  await retention.sweep();
  expect(left()).toEqual([1, 2]);
  wait(1);
  await retention.sweep();
  expect(left()).toEqual([1]);
  wait(1_000_000);
  await retention.sweep();
  expect(left()).toEqual([1]);
});

test("time counts from when it was last referred to; for files of earlier processes from when they were written", async () => {
  const referenced = new Set([1]);
  const { retention, add, left, wait, written } = setUp(referenced);
  add(1);
  add(2);
  written.set(toHex(root(2)), 400);
  await retention.sweep();
  expect(left()).toEqual([1]);
  wait(10_000);
  referenced.delete(1);
  await retention.sweep();
  wait(499);
  referenced.add(1);
  await retention.sweep();
  referenced.delete(1);
  await retention.sweep();
  wait(499);
  await retention.sweep();
  expect(left()).toEqual([1]);
  wait(1);
  await retention.sweep();
  expect(left()).toEqual([]);
});

test("room is made of the oldest first, as much as is needed, and never of what something refers to by then", async () => {
  const referenced = new Set([9]);
  const { retention, add, left, wait } = setUp(referenced);
  for (const byte of [3, 1, 2, 9]) {
    add(byte);
    retention.note(root(byte), "client");
    wait(1);
  }
  await retention.makeRoom(SIZE);
  expect(left()).toEqual([1, 2, 9]);
  referenced.add(1);
  await retention.makeRoom(3 * SIZE);
  expect(left()).toEqual([1, 9]);
});

test("what a client has brought counts until something refers to it, small blobs as more than they are", () => {
  const referenced = new Set<number>();
  const { retention, add } = setUp(referenced);
  for (const byte of [1, 2]) add(byte);
  retention.note(root(1), "a");
  retention.note(root(2), "b");
  expect([retention.held("a"), retention.held("c"), retention.held()]).toEqual([SIZE, 0, 2 * SIZE]);
  referenced.add(1);
  expect(retention.held("a")).toBe(0);
  expect(quotaCost(1)).toBe(65_536);
});

test("models that have not failed and open jobs refer to blobs", () => {
  const state = createOverlay(createMemoryStore().latest);
  const model = (byte: number, status: number) =>
    models.set(state, root(byte), { ...ModelRecord.defaultValue(), status });
  model(1, MODEL_STATUS.registered);
  model(2, MODEL_STATUS.active);
  model(3, MODEL_STATUS.failed);
  model(4, MODEL_STATUS.failed);
  const record = JobRecord.defaultValue();
  jobs.set(state, root(7), { ...record, fields: { ...record.fields, modelRoot: root(4) } });
  due.set(state, [10, root(7)], 1);
  writeTip(state, { height: 9, time: 0, beacon: root(0) });
  // Inputs: of a job that can be appealed, of one that can't be any more, and of a registration.
  for (const [byte, appealEnd] of [
    [8, 20],
    [9, 9],
  ] as const) {
    jobs.set(state, root(byte), { ...record, settled: true, appealEnd });
    jobBlobs.set(state, root(byte), root(byte));
  }
  inputBlobs.set(state, root(10), InputBlobRecord.defaultValue());
  const refersTo = blobReferences(state);
  expect([8, 9, 10].map((byte) => refersTo(root(byte)))).toEqual([true, false, true]);
  expect([1, 2, 3, 4, 5].map((byte) => refersTo(root(byte)))).toEqual([true, true, false, true, false]);
});
