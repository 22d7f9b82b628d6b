import { mkdirSync, readdirSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { equalBytes, fromHex, toHex } from "../../chain/bytes.ts";
import { Blob, isConsistentBlob } from "../../chain/types/blob.ts";
import { systemErrorCode } from "../user-error.ts";
import { decodeManifest, encodeHeader, MAX_MANIFEST_BYTES } from "./blob-file.ts";
import { type BlobStore, BlobStoreFullError } from "./blob-store.ts";
import { chunkFault, createPartial, openPartial, type PartialBlob } from "./partial-blob.ts";
import type { BlobRefusal, Refused } from "./refusals.ts";
import { quotaCost, type Retention } from "./retention.ts";

export interface UploadLimits {
  /** Bytes of one blob. */
  readonly blobBytes: number;
  /** Bytes of unregistered blobs, unfinished ones by their whole length, that one client may hand over. */
  readonly perClient: number;
  /** Bytes of unregistered blobs from all clients, as far as they are there. 0 takes none. */
  readonly total: number;
  /** An unfinished upload that gets no chunk for so long is deleted. */
  readonly expiryMs: number;
}

export interface UploadsOptions {
  /** Where the blob store has its files. */
  readonly directory: string;
  readonly store: Pick<BlobStore, "has" | "get" | "delete" | "manifest" | "reserve" | "release" | "adopt">;
  readonly retention: Pick<Retention, "note" | "held">;
  /** Length of the registered model with this root that has not failed; undefined when there is none. */
  readonly registered: (root: Uint8Array) => number | undefined;
  /** Why no validator would run these bytes as the model with this root; undefined when they would. */
  readonly fault: (root: Uint8Array, bytes: Uint8Array) => Promise<string | undefined>;
  readonly limits: UploadLimits;
  readonly now: () => number;
}

export interface UploadStatus {
  readonly state: "open" | "stored";
  /** Of the blob. */
  readonly length: number;
  /** Numbers of the chunks that are missing, ascending. */
  readonly missing: readonly number[];
}

/**
 * Blobs on their way into the store, chunk by chunk in any order, from any number of clients. The manifest comes first and must hash to the
 * root; each chunk must hash to what the manifest says before it is written. They outlive the process.
 */
export interface Uploads {
  status(root: Uint8Array): Promise<UploadStatus | Refused>;
  /** Begins an upload, or takes up one that is there. @param manifest SSZ Blob. @param client whom it counts for. */
  open(root: Uint8Array, manifest: Uint8Array, client: string): Promise<UploadStatus | Refused>;
  /** A chunk; the last one makes it a blob of the store. One that is there already changes nothing. */
  put(root: Uint8Array, index: number, bytes: Uint8Array): Promise<UploadStatus | Refused>;
  /** Deletes what has been waiting too long. */
  expire(): Promise<void>;
}

/** Unfinished uploads of unregistered blobs: of one client, and of all. */
const MAX_OPEN_PER_CLIENT = 8;
const MAX_OPEN = 256;
const NAME = /^[0-9a-f]{64}\.part$/;

interface Upload {
  readonly root: Uint8Array;
  readonly path: string;
  readonly partial: PartialBlob;
  /** Empty for one that an earlier process began. */
  readonly client: string;
  /** When it last got something. */
  touched: number;
}

const reservedBytes = ({ partial }: Upload): number => partial.headerBytes + partial.bytes;
const refuse = (refused: BlobRefusal, detail?: string): Refused => ({
  refused,
  ...(detail === undefined ? {} : { detail }),
});

/** @throws what is no sign of a full disk. */
function diskRefusal(error: unknown): Refused {
  const code = systemErrorCode(error);
  if (code === "ENOSPC" || code === "EDQUOT") return refuse("diskFull");
  throw error;
}

/** Opens what earlier processes left unfinished; what is no such thing is deleted. PERF: hashes all chunks found. */
export async function openUploads(options: UploadsOptions): Promise<Uploads> {
  const { directory, store, retention, registered, fault, limits, now } = options;
  mkdirSync(directory, { recursive: true });
  const uploads = new Map<string, Upload>();
  /** One thing at a time for each root. */
  const turns = new Map<string, Promise<unknown>>();
  /** One at a time: each holds a whole blob in memory. */
  let checking: Promise<unknown> = Promise.resolve();

  for (const name of readdirSync(directory).filter((each) => NAME.test(each))) {
    const path = join(directory, name);
    const root = fromHex(name.slice(0, 64));
    const partial = store.has(root) ? "it is there" : await openPartial(path, root);
    if (typeof partial === "string") {
      await rm(path, { force: true });
      continue;
    }
    const upload = { root, path, partial, client: "", touched: statSync(path).mtimeMs };
    try {
      await store.reserve(reservedBytes(upload));
      uploads.set(name.slice(0, 64), upload);
    } catch (error) {
      if (!(error instanceof BlobStoreFullError)) throw error;
      await rm(path, { force: true });
    }
  }

  /** Runs `work` when what came before it for this root is over. */
  function inTurn<T>(root: Uint8Array, work: (key: string) => Promise<T>): Promise<T> {
    const key = toHex(root);
    const turn = (turns.get(key) ?? Promise.resolve()).then(() => work(key));
    const settled = turn.then(
      () => undefined,
      () => undefined, // Whoever asked for it hears of it.
    );
    turns.set(key, settled);
    void settled.then(() => {
      if (turns.get(key) === settled) turns.delete(key);
    });
    return turn;
  }

  const unregistered = (): Upload[] => [...uploads.values()].filter(({ root }) => registered(root) === undefined);

  /** Whether a client may begin an unregistered blob of this length. */
  function quotaFault(client: string, length: number): BlobRefusal | undefined {
    if (limits.total === 0) return "unregistered";
    const open = unregistered();
    const own = open.filter((upload) => upload.client === client);
    if (own.length >= MAX_OPEN_PER_CLIENT) return "tooManyUploads";
    const ownBytes = own.reduce((sum, { partial }) => sum + quotaCost(partial.manifest.length), retention.held(client));
    if (ownBytes + quotaCost(length) > limits.perClient) return "clientQuota";
    return open.length >= MAX_OPEN || heldInAll(open) + quotaCost(0) > limits.total ? "nodeQuota" : undefined;
  }

  function heldInAll(open: readonly Upload[]): number {
    return open.reduce((sum, { partial }) => sum + quotaCost(partial.bytes), retention.held());
  }

  /** What a full store or disk says instead of what `write` does. */
  async function withRoom<T>(bytes: number, write: () => Promise<T>): Promise<T | Refused> {
    try {
      await store.reserve(bytes);
    } catch (error) {
      if (error instanceof BlobStoreFullError) return refuse("full");
      throw error;
    }
    try {
      return await write();
    } catch (error) {
      store.release(bytes);
      return diskRefusal(error);
    }
  }

  async function discard(key: string, upload: Upload): Promise<void> {
    uploads.delete(key);
    store.release(reservedBytes(upload));
    await rm(upload.path, { force: true });
  }

  /** The upload, unless the blob came from a peer meanwhile. */
  async function uploadOf(root: Uint8Array, key: string): Promise<Upload | undefined> {
    const upload = uploads.get(key);
    if (upload === undefined || !store.has(root)) return upload;
    await discard(key, upload);
    return undefined;
  }

  async function statusOf(root: Uint8Array, key: string): Promise<UploadStatus | Refused> {
    const upload = await uploadOf(root, key);
    if (upload !== undefined) {
      const { manifest } = upload.partial;
      return { state: "open", length: manifest.length, missing: upload.partial.missing() };
    }
    const manifest = store.has(root) ? await store.manifest(root) : undefined;
    return manifest === undefined ? refuse("unknown") : { state: "stored", length: manifest.length, missing: [] };
  }

  /** The manifest that bytes are, if this node would take that blob from the client. */
  function admit(root: Uint8Array, bytes: Uint8Array, client: string): Blob | Refused {
    if (bytes.length > MAX_MANIFEST_BYTES) return refuse("bodyTooLarge");
    const manifest = decodeManifest(bytes);
    if (typeof manifest === "string") return refuse("badManifest", manifest);
    if (!equalBytes(Blob.hashTreeRoot(manifest), root)) return refuse("wrongManifest");
    const { length } = manifest;
    if (!isConsistentBlob(manifest) || length === 0) return refuse("badLength");
    if (length > limits.blobBytes) return refuse("tooLarge");
    const declared = registered(root);
    if (declared !== undefined) return declared === length ? manifest : refuse("otherLength", `${declared} bytes`);
    const quota = quotaFault(client, length);
    return quota === undefined ? manifest : refuse(quota);
  }

  async function begin(root: Uint8Array, key: string, bytes: Uint8Array, client: string) {
    const manifest = admit(root, bytes, client);
    if ("refused" in manifest) return manifest;
    const path = join(directory, `${key}.part`);
    return withRoom(encodeHeader(manifest).length, async () => {
      try {
        const partial = await createPartial(path, manifest);
        uploads.set(key, { root, path, partial, client, touched: now() });
      } catch (error) {
        await rm(path, { force: true });
        throw error;
      }
      return statusOf(root, key);
    });
  }

  /** The whole file becomes a blob of the store, unless nobody would run it. */
  async function finish(key: string, upload: Upload): Promise<UploadStatus | Refused> {
    const { root, partial, path, client } = upload;
    try {
      await partial.flush();
      await store.adopt(root, path, reservedBytes(upload));
    } catch (error) {
      return diskRefusal(error); // What the next request for this blob takes up.
    }
    uploads.delete(key);
    if (registered(root) === undefined) retention.note(root, client);
    const check = checking.then(async () => {
      const bytes = await store.get(root);
      return bytes === undefined ? "the disk gave back other bytes" : fault(root, bytes);
    });
    checking = check.catch(() => undefined); // The next check does not depend on it.
    const found = await check;
    if (found === undefined) return statusOf(root, key);
    await store.delete(root);
    return refuse("refusedModel", found);
  }

  async function take(key: string, upload: Upload, index: number, bytes: Uint8Array) {
    const { partial, root } = upload;
    const wrong = chunkFault(partial.manifest, index, bytes);
    if (wrong !== undefined) return refuse(wrong);
    if (!partial.has(index)) {
      if (registered(root) === undefined && heldInAll(unregistered()) + bytes.length > limits.total) {
        return refuse("nodeQuota");
      }
      const full = await withRoom(bytes.length, async () => {
        await partial.write(index, bytes);
        return undefined;
      });
      if (full !== undefined) return full;
    }
    upload.touched = now();
    return partial.bytes === partial.manifest.length ? finish(key, upload) : statusOf(root, key);
  }

  return {
    status: (root) => inTurn(root, (key) => statusOf(root, key)),
    open: (root, manifest, client) =>
      inTurn(root, async (key) => {
        const upload = await uploadOf(root, key);
        if (upload !== undefined) {
          upload.touched = now();
          // A crash between the last chunk and the end leaves nothing to send that would end it.
          if (upload.partial.bytes === upload.partial.manifest.length) return finish(key, upload);
        }
        return upload === undefined && !store.has(root) ? begin(root, key, manifest, client) : statusOf(root, key);
      }),
    put: (root, index, bytes) =>
      inTurn(root, async (key) => {
        const upload = await uploadOf(root, key);
        return upload === undefined ? statusOf(root, key) : take(key, upload, index, bytes);
      }),
    async expire() {
      for (const { root } of [...uploads.values()].filter(({ touched }) => now() - touched >= limits.expiryMs)) {
        await inTurn(root, async (key) => {
          const upload = uploads.get(key);
          if (upload !== undefined && now() - upload.touched >= limits.expiryMs) await discard(key, upload);
        });
      }
    },
  };
}
