import { fromHex, toHex } from "../../chain/bytes.ts";
import type { BlobStore } from "./blob-store.ts";

export interface RetentionOptions {
  readonly store: Pick<BlobStore, "list" | "size" | "delete" | "has" | "writtenAt">;
  /** As the chain is now: whether a model or an open job refers to a blob. Those are never deleted. */
  readonly references: () => (root: Uint8Array) => boolean;
  /** How long a blob stays that nothing refers to. */
  readonly keepMs: number;
  readonly now: () => number;
  readonly onDelete?: (root: Uint8Array) => void;
}

/** Blobs that nothing refers to (any more, or yet): who brought them, and when they go. */
export interface Retention {
  /** A blob came from a client that did not wait for its registration. */
  note(root: Uint8Array, client: string): void;
  /** What such blobs take, of one client or in all. */
  held(client?: string): number;
  /** Deletes those whose time is over. */
  sweep(): Promise<void>;
  /** Deletes the oldest ones, until so many bytes are free or none is left. */
  makeRoom(bytes: number): Promise<void>;
}

/** What a small blob counts for: a file costs more than its bytes. */
const LEAST_COST = 64 * 1024;

/** What a blob of so many bytes counts for in quotas. */
export function quotaCost(bytes: number): number {
  return Math.max(bytes, LEAST_COST);
}

export function createRetention({ store, references, keepMs, now, onDelete }: RetentionOptions): Retention {
  /** By root in hexadecimal. */
  const unreferenced = new Map<string, { readonly since: number; readonly client: string }>();

  /** Of earlier processes nothing is known but when the file was written. */
  let isFirst = true;

  /** The chain may have turned to it since it was listed. */
  async function drop(key: string): Promise<void> {
    const root = fromHex(key);
    unreferenced.delete(key);
    if (!store.has(root) || references()(root)) return;
    await store.delete(root);
    onDelete?.(root);
  }

  return {
    note(root, client) {
      unreferenced.set(toHex(root), { since: now(), client });
    },
    held(client) {
      const isReferenced = references();
      let bytes = 0;
      for (const [key, one] of unreferenced) {
        const root = fromHex(key);
        if ((client === undefined || one.client === client) && store.has(root) && !isReferenced(root)) {
          bytes += quotaCost(store.size(root));
        }
      }
      return bytes;
    },
    async sweep() {
      const isReferenced = references();
      const listed = store.list();
      const present = new Set(listed.map(toHex));
      for (const key of [...unreferenced.keys()]) {
        if (!present.has(key) || isReferenced(fromHex(key))) unreferenced.delete(key);
      }
      for (const root of listed) {
        const key = toHex(root);
        if (unreferenced.has(key) || isReferenced(root)) continue;
        unreferenced.set(key, { since: (isFirst ? store.writtenAt(root) : undefined) ?? now(), client: "" });
      }
      isFirst = false;
      for (const [key, { since }] of [...unreferenced]) if (now() - since >= keepMs) await drop(key);
    },
    async makeRoom(bytes) {
      let freed = 0;
      const oldest = [...unreferenced].sort(([, a], [, b]) => a.since - b.since);
      for (const [key] of oldest) {
        if (freed >= bytes) return;
        const size = store.size(fromHex(key));
        await drop(key);
        if (!store.has(fromHex(key))) freed += size;
      }
    },
  };
}
