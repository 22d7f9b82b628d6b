import { hash } from "node:crypto";
import { fromByteString } from "../byte-strings.ts";

/** The hash of a subtree without a leaf. */
export const EMPTY: Uint8Array = new Uint8Array(32);

const LEAF = 0x00;
const INNER = 0x01;
const preimage = new Uint8Array(65);

/** PERF: 0.4 µs for 65 bytes. Asking node:crypto for a string (`binary` is latin1) and unpacking it is
 * four times as quick as asking for a Buffer. */
function sha256(bytes: Uint8Array): Uint8Array {
  return fromByteString(hash("sha256", bytes, "binary"));
}

function tagged(tag: number, left: Uint8Array, right: Uint8Array): Uint8Array {
  preimage[0] = tag;
  preimage.set(left, 1);
  preimage.set(right, 33);
  return sha256(preimage);
}

/** Where a key's leaf stands in the tree: its bits from the most significant one, 0 to the left. */
export function pathOf(key: Uint8Array): Uint8Array {
  return sha256(key);
}

/** @param path and `valueRoot` are 32 bytes each, so that one preimage has one meaning. */
export function leafHash(path: Uint8Array, valueRoot: Uint8Array): Uint8Array {
  return tagged(LEAF, path, valueRoot);
}

export function innerHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return tagged(INNER, left, right);
}
