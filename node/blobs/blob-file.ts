import { type FileHandle, open } from "node:fs/promises";
import { equalBytes } from "../../chain/bytes.ts";
import { Blob, isConsistentBlob, MAX_BLOB_CHUNKS } from "../../chain/types/blob.ts";

/** A file is `u32 length of manifest, little-endian ‖ manifest (SSZ Blob) ‖ bytes`. */
const LENGTH_BYTES = 4;
/** Of a serialised manifest. */
export const MAX_MANIFEST_BYTES = 12 + 32 * MAX_BLOB_CHUNKS;

export function encodeHeader(manifest: Blob): Uint8Array {
  const encoded = Blob.serialize(manifest);
  const header = new Uint8Array(LENGTH_BYTES + encoded.length);
  new DataView(header.buffer).setUint32(0, encoded.length, true);
  header.set(encoded, LENGTH_BYTES);
  return header;
}

/** A file's manifest and where its bytes start; a text says why it has none that hashes to `root`. */
export async function readHeader(
  file: FileHandle,
  root: Uint8Array,
): Promise<{ manifest: Blob; start: number } | string> {
  const prefix = await readExactly(file, 0, LENGTH_BYTES);
  if (prefix === undefined) return "the file is too short";
  const length = new DataView(prefix.buffer, prefix.byteOffset).getUint32(0, true);
  if (length > MAX_MANIFEST_BYTES) return `a manifest of ${length} bytes`;
  const encoded = await readExactly(file, LENGTH_BYTES, length);
  if (encoded === undefined) return "the file is too short";
  const manifest = decodeManifest(encoded);
  if (typeof manifest === "string") return `no manifest: ${manifest}`;
  if (!equalBytes(Blob.hashTreeRoot(manifest), root)) return "the manifest does not hash to the root";
  return isConsistentBlob(manifest) ? { manifest, start: LENGTH_BYTES + length } : "the manifest contradicts itself";
}

/** A text says why the bytes are no manifest. */
export function decodeManifest(bytes: Uint8Array): Blob | string {
  try {
    return Blob.deserialize(bytes);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Undefined where the file ends before. */
export async function readExactly(file: FileHandle, at: number, length: number): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(length);
  let got = 0;
  while (got < length) {
    const { bytesRead } = await file.read(bytes, got, length - got, at + got);
    if (bytesRead === 0) return undefined;
    got += bytesRead;
  }
  return bytes;
}

/** Makes a new name in a folder last. */
export async function syncFolder(directory: string): Promise<void> {
  if (process.platform === "win32") return; // There, folders can't be opened to be synced.
  const folder = await open(directory, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
