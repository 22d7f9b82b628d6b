import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sha256 } from "../../chain/crypto/hash.ts";
import {
  AttestationConflictError,
  AttestationFileError,
  openAttestationStore,
  type StoredAttestation,
} from "../../node/attester/attestation-store.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "assay-attestations-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const path = () => join(folder, "attestations");
const open = (options: { keepBlocks?: number; onTornTail?: (found: { bytes: number }) => void } = {}) =>
  openAttestationStore({ path: path(), keepBlocks: 1000, ...options });

function attestation(job: number, output = 1, height = 5): StoredAttestation {
  return {
    jobId: sha256(Uint8Array.of(job)),
    height,
    committeeRoot: sha256(Uint8Array.of(99)),
    outputRoot: sha256(Uint8Array.of(output)),
    signature: new Uint8Array(96).fill(output),
  };
}

test("what was added is there, and there again when the file is opened anew", async () => {
  const store = await open();
  await store.add(attestation(1));
  await store.add(attestation(2, 7));
  expect(store.get(attestation(2).jobId)).toEqual(attestation(2, 7));
  expect(store.get(attestation(3).jobId)).toBeUndefined();
  await store.close();
  const again = await open();
  expect(again.get(attestation(1).jobId)).toEqual(attestation(1));
  expect(again.get(attestation(2).jobId)).toEqual(attestation(2, 7));
  await again.close();
});

test("a second output of a job is refused, now and after a restart; the same one is no change", async () => {
  const store = await open();
  await store.add(attestation(1));
  await expect(store.add(attestation(1, 2))).rejects.toThrow(AttestationConflictError);
  await store.add(attestation(1));
  await store.close();
  const size = readFileSync(path()).length;
  const again = await open();
  await expect(again.add(attestation(1, 2))).rejects.toThrow(AttestationConflictError);
  await expect(again.add({ ...attestation(1), committeeRoot: new Uint8Array(32) })).rejects.toThrow(/refused/);
  await again.close();
  expect(readFileSync(path())).toHaveLength(size);
});

test("two outputs at the same moment: one of them wins", async () => {
  const store = await open();
  const results = await Promise.allSettled([
    store.add(attestation(1)),
    store.add(attestation(1, 2)),
    store.add(attestation(1)),
  ]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(store.get(attestation(1).jobId)).toEqual(attestation(1));
  await store.close();
});

test("nothing can be read before it is on the disk", async () => {
  const store = await open();
  const added = store.add(attestation(1));
  expect(store.get(attestation(1).jobId)).toBeUndefined();
  await added;
  expect(readFileSync(path()).length).toBeGreaterThan(200);
  await store.close();
});

test("at whatever byte a crash cut the file, the whole records remain and more can be added", async () => {
  const store = await open();
  for (const job of [1, 2, 3]) await store.add(attestation(job));
  await store.close();
  const whole = readFileSync(path());
  const record = whole.length / 3;
  for (let length = 0; length < whole.length; length += 17) {
    writeFileSync(path(), whole);
    truncateSync(path(), length);
    const torn: number[] = [];
    const again = await open({ onTornTail: ({ bytes }) => torn.push(bytes) });
    const kept = [1, 2, 3].filter((job) => again.get(attestation(job).jobId) !== undefined);
    expect(kept).toHaveLength(Math.floor(length / record));
    expect(torn).toEqual(length % record === 0 ? [] : [length % record]);
    await again.add(attestation(4));
    await again.close();
    const third = await open();
    expect(third.get(attestation(4).jobId)).toEqual(attestation(4));
    await third.close();
  }
});

test("a batch that reached the disk as zeros is a torn tail", async () => {
  const store = await open();
  await store.add(attestation(1));
  await store.close();
  const whole = readFileSync(path());
  writeFileSync(path(), Buffer.concat([whole, Buffer.alloc(3 * whole.length + 5)]));
  const torn: number[] = [];
  const again = await open({ onTornTail: ({ bytes }) => torn.push(bytes) });
  expect(torn).toEqual([3 * whole.length + 5]);
  expect(again.get(attestation(1).jobId)).toEqual(attestation(1));
  await again.close();
  expect(readFileSync(path())).toEqual(whole);
});

test("a damaged record in the middle is no crash's doing: the file is refused", async () => {
  const store = await open();
  for (const job of [1, 2, 3]) await store.add(attestation(job));
  await store.close();
  const bytes = readFileSync(path());
  bytes[40] = (bytes[40] ?? 0) ^ 1;
  writeFileSync(path(), bytes);
  await expect(open()).rejects.toThrow(AttestationFileError);
});

test("records that are too old to matter are dropped when the file is opened", async () => {
  const store = await open();
  await store.add(attestation(1, 1, 10));
  await store.add(attestation(2, 1, 500));
  await store.add(attestation(3, 1, 1200));
  await store.close();
  const again = await open();
  expect([1, 2, 3].map((job) => again.get(attestation(job).jobId) !== undefined)).toEqual([false, true, true]);
  await again.close();
});
