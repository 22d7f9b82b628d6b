import { closeSync, mkdirSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type Leaf, newLeaf, type Page, type Slot } from "./jmt/page.ts";
import { buildSubtree, closePage, type PageId } from "./jmt/update.ts";

/** Builds a tree from all its leaves at once, in any order. */
export interface TreeBuilder {
  add(path: Uint8Array, valueRoot: Uint8Array): void;
  /** Hands out the pages, bucket by bucket, and waits for `onPages` in between. May be called once. */
  finish(onPages: (pages: readonly (readonly [PageId, Page])[]) => Promise<void>): Promise<Slot>;
  /** Removes its files. */
  close(): void;
}

const RECORD_BYTES = 64;
/** One for each value of a path's first byte. */
const BUCKETS = 256;
const BUFFERED_RECORDS = 512;

interface Bucket {
  readonly path: string;
  /** Undefined until the buffer has been full. */
  fd: number | undefined;
  readonly buffer: Buffer;
  buffered: number;
  written: number;
}

/**
 * Leaves go to 256 files by the first byte of their path, since they come in the order of their keys and the tree wants that of the
 * paths. PERF: holds 8 MiB of buffers, then one bucket with its pages, about 2 KiB for each leaf in it: 8 MiB for a million
 * leaves in all.
 * @param version the height that all of it is written at.
 * @param folder for the files; made, and removed by `close`.
 */
export function createTreeBuilder(version: number, folder: string): TreeBuilder {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const buckets: (Bucket | undefined)[] = new Array<undefined>(BUCKETS).fill(undefined);

  function bucketOf(first: number): Bucket {
    const known = buckets[first];
    if (known !== undefined) return known;
    const buffer = Buffer.alloc(BUFFERED_RECORDS * RECORD_BYTES);
    const bucket = { path: join(folder, String(first)), fd: undefined, buffer, buffered: 0, written: 0 };
    buckets[first] = bucket;
    return bucket;
  }

  function spill(bucket: Bucket): void {
    const length = bucket.buffered * RECORD_BYTES;
    bucket.fd ??= openSync(bucket.path, "w+", 0o600);
    for (let done = 0; done < length; ) done += writeSync(bucket.fd, bucket.buffer, done, length - done);
    bucket.written += bucket.buffered;
    bucket.buffered = 0;
  }

  function bytesOf(bucket: Bucket): Buffer {
    const spilled = bucket.written * RECORD_BYTES;
    const bytes = Buffer.alloc(spilled + bucket.buffered * RECORD_BYTES);
    for (let at = 0; bucket.fd !== undefined && at < spilled; ) {
      const read = readSync(bucket.fd, bytes, at, spilled - at, at);
      if (read === 0) throw new Error("a file of the tree that is being built has been cut short");
      at += read;
    }
    bytes.set(bucket.buffer.subarray(0, bucket.buffered * RECORD_BYTES), spilled);
    return bytes;
  }

  function leavesOf(bucket: Bucket | undefined): Leaf[] {
    if (bucket === undefined) return [];
    const bytes = bytesOf(bucket);
    const leaves: Leaf[] = [];
    const field = (at: number): Uint8Array => new Uint8Array(bytes.subarray(at, at + 32));
    for (let at = 0; at < bytes.length; at += RECORD_BYTES) leaves.push(newLeaf(field(at), field(at + 32), version));
    return leaves.sort((a, b) => Buffer.compare(a.path, b.path));
  }

  return {
    add(path, valueRoot) {
      const bucket = bucketOf(path[0] ?? 0);
      bucket.buffer.set(path, bucket.buffered * RECORD_BYTES);
      bucket.buffer.set(valueRoot, bucket.buffered * RECORD_BYTES + 32);
      bucket.buffered++;
      if (bucket.buffered === BUFFERED_RECORDS) spill(bucket);
    },
    async finish(onPages) {
      let pages: (readonly [PageId, Page])[] = [];
      const collect = (id: PageId, page: Page): void => void pages.push([id, page]);
      const top: Slot[] = [];
      for (let first = 0; first < 16; first++) {
        const slots: Slot[] = [];
        for (let second = 0; second < 16; second++) {
          slots.push(buildSubtree(leavesOf(buckets[first * 16 + second]), 2, version, collect));
          if (pages.length > 0) await onPages(pages);
          pages = [];
        }
        top.push(closePage(slots, { version, depth: 1, path: Uint8Array.of(first << 4) }, collect));
      }
      const root = closePage(top, { version, depth: 0, path: new Uint8Array(1) }, collect);
      await onPages(pages);
      return root;
    },
    close() {
      for (const bucket of buckets) if (bucket?.fd !== undefined) closeSync(bucket.fd);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
