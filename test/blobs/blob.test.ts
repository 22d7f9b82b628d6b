import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { blobManifest, blobRoot } from "../../chain/blob-root.ts";
import { toHex } from "../../chain/bytes.ts";
import { BLOB_CHUNK_BYTES, chunkBytes, isConsistentBlob, MAX_BLOB_BYTES } from "../../chain/types/blob.ts";

const sha256 = (...parts: readonly Uint8Array[]): Buffer => createHash("sha256").update(Buffer.concat(parts)).digest();

/** hash_tree_root of {length, List[Bytes32, 4096]} by the letter of the SSZ specification. */
function specRoot(bytes: Uint8Array): string {
  let layer: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += 262_144) layer.push(sha256(bytes.subarray(at, at + 262_144)));
  const count = Buffer.alloc(32);
  count.writeUInt32LE(layer.length, 0);
  let zero: Uint8Array = Buffer.alloc(32);
  for (let depth = 0; depth < 12; depth++) {
    const next: Uint8Array[] = [];
    for (let i = 0; i < layer.length; i += 2) next.push(sha256(layer[i] ?? zero, layer[i + 1] ?? zero));
    layer = next;
    zero = sha256(zero, zero);
  }
  const length = Buffer.alloc(32);
  length.writeUInt32LE(bytes.length, 0);
  return sha256(length, sha256(layer[0] ?? zero, count)).toString("hex");
}

test.each([0, 1, 262_143, 262_144, 262_145, 5 * 262_144 + 7])(
  "the root of %i bytes is that of the specification",
  (length) => {
    const bytes = new Uint8Array(length).map((_, i) => (i * 31) % 253);
    expect(toHex(blobRoot(bytes))).toBe(specRoot(bytes));
  },
);

test("any changed byte, and any added one, changes the root", () => {
  const bytes = new Uint8Array(BLOB_CHUNK_BYTES + 100);
  const root = toHex(blobRoot(bytes));
  fc.assert(
    fc.property(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, bits) => {
      const changed = Uint8Array.from(bytes);
      changed[at] = bits;
      expect(toHex(blobRoot(changed))).not.toBe(root);
    }),
    { numRuns: 50 },
  );
  expect(toHex(blobRoot(new Uint8Array(bytes.length + 1)))).not.toBe(root);
});

test("a manifest has as many chunks as its length needs, or contradicts itself", () => {
  const manifest = blobManifest(new Uint8Array(BLOB_CHUNK_BYTES + 1));
  expect(isConsistentBlob(manifest)).toBe(true);
  expect(isConsistentBlob({ ...manifest, length: BLOB_CHUNK_BYTES })).toBe(false);
  expect(isConsistentBlob({ ...manifest, length: 2 * BLOB_CHUNK_BYTES + 1 })).toBe(false);
  expect(isConsistentBlob({ length: MAX_BLOB_BYTES + 1, chunks: [] })).toBe(false);
  expect(isConsistentBlob({ length: Number.POSITIVE_INFINITY, chunks: [] })).toBe(false);
  expect(isConsistentBlob({ length: 0, chunks: [] })).toBe(true);
});

test("lengths of chunks", () => {
  expect([0, 1, 2].map((index) => chunkBytes(BLOB_CHUNK_BYTES + 5, index))).toEqual([BLOB_CHUNK_BYTES, 5, 0]);
});
