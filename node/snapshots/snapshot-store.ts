import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { equalBytes, toHex } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { decodeWire } from "../wire.ts";
import { SnapshotManifest } from "./manifest.ts";

export interface HeldSnapshot {
  readonly manifest: SnapshotManifest;
  /** hash_tree_root of the manifest. */
  readonly root: Uint8Array;
}

/** Snapshots on the disk: a file for each manifest, and one for each chunk under its hash. */
export interface SnapshotStore {
  /** The newest first. */
  list(): readonly HeldSnapshot[];
  /** The bytes with this SHA-256, of a snapshot that is held or being put together. Undefined also for a file that is damaged. */
  chunk(hash: Uint8Array): Promise<Uint8Array | undefined>;
  /** Whether a snapshot that is held has it. */
  isListed(hash: Uint8Array): boolean;
  /** Returns the hash. Flushed by `add`. */
  putChunk(bytes: Uint8Array): Promise<Uint8Array>;
  /** All chunks are there; from now on the snapshot is held. */
  add(manifest: SnapshotManifest): Promise<HeldSnapshot>;
  /** Forgets all but the `keep` newest, and removes every chunk that none of them has. Not while one is put together. */
  retain(keep: number): Promise<void>;
}

const SUFFIX = ".manifest";

/** Where a test may end the process; what is on disk at each is told in node/failpoints.ts. */
export type SnapshotPoint =
  | "snapshot.chunk.written"
  | "snapshot.chunk.renamed"
  | "snapshot.manifest.before"
  | "snapshot.manifest.written"
  | "snapshot.manifest.after"
  | "snapshot.retain";

/** Opens the folder, which is made when it is not there. A manifest that can't be read is removed: it can be made again. */
export function openSnapshotStore(
  folder: string,
  failpoint: (point: SnapshotPoint) => void = () => undefined,
): SnapshotStore {
  const chunks = join(folder, "chunks");
  mkdirSync(chunks, { recursive: true });
  const pathOf = (hash: Uint8Array): string => join(chunks, toHex(hash));
  const manifestPath = (height: number): string => join(folder, `${height}${SUFFIX}`);
  let held: readonly HeldSnapshot[] = [];
  let listed = new Set<string>();

  function hold(snapshots: readonly HeldSnapshot[]): void {
    held = snapshots.toSorted((a, b) => b.manifest.height - a.manifest.height);
    listed = new Set(held.flatMap(({ manifest }) => manifest.chunks.map(toHex)));
  }

  function readAll(): HeldSnapshot[] {
    return readdirSync(folder)
      .filter((name) => name.endsWith(SUFFIX))
      .flatMap((name) => {
        const manifest = decodeWire(SnapshotManifest, new Uint8Array(readFileSync(join(folder, name))));
        if (manifest !== undefined) return [{ manifest, root: SnapshotManifest.hashTreeRoot(manifest) }];
        rmSync(join(folder, name));
        return [];
      });
  }

  async function flush(path: string): Promise<void> {
    const file = await open(path, "r");
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  }

  async function write(path: string, bytes: Uint8Array, onWritten: () => void): Promise<void> {
    const temporary = `${path}.tmp`;
    const file = await open(temporary, "w", 0o600);
    try {
      await file.writeFile(bytes);
    } finally {
      await file.close();
    }
    onWritten();
    await rename(temporary, path);
  }

  async function read(hash: Uint8Array): Promise<Uint8Array | undefined> {
    try {
      const bytes = new Uint8Array(await readFile(pathOf(hash)));
      return equalBytes(sha256(bytes), hash) ? bytes : undefined;
    } catch {
      return undefined; // Not there, or not readable: whoever needs it asks a peer.
    }
  }

  hold(readAll());
  return {
    list: () => held,
    chunk: read,
    isListed: (hash) => listed.has(toHex(hash)),
    async putChunk(bytes) {
      const hash = sha256(bytes);
      await write(pathOf(hash), bytes, () => failpoint("snapshot.chunk.written"));
      failpoint("snapshot.chunk.renamed");
      return hash;
    },
    async add(manifest) {
      const root = SnapshotManifest.hashTreeRoot(manifest);
      for (const hash of manifest.chunks) await flush(pathOf(hash));
      failpoint("snapshot.manifest.before");
      await write(manifestPath(manifest.height), SnapshotManifest.serialize(manifest), () =>
        failpoint("snapshot.manifest.written"),
      );
      await flush(manifestPath(manifest.height));
      failpoint("snapshot.manifest.after");
      const snapshot = { manifest, root };
      hold([...held.filter((other) => other.manifest.height !== manifest.height), snapshot]);
      return snapshot;
    },
    async retain(keep) {
      const gone = held.slice(keep);
      hold(held.slice(0, keep));
      for (const { manifest } of gone) await rm(manifestPath(manifest.height), { force: true });
      if (gone.length > 0) failpoint("snapshot.retain");
      for (const name of readdirSync(chunks)) {
        if (!listed.has(name)) await rm(join(chunks, name), { force: true });
      }
    },
  };
}
