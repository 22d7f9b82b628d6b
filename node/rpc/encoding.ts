import { toHex } from "../../chain/bytes.ts";

/** How CometBFT's JSON writes hashes and addresses. */
export function upperHex(bytes: Uint8Array): string {
  return toHex(bytes).toUpperCase();
}

/** Standard alphabet with padding, no line breaks. */
export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/** Milliseconds since the Unix epoch as RFC 3339 in UTC. Clients drop the fraction of a time with a numeric offset. */
export function rfc3339(time: number): string {
  return new Date(time).toISOString();
}

/** CometBFT's JSON writes 64-bit integers as strings, and 32-bit ones as numbers. */
export function int64(value: number | bigint): string {
  return value.toString();
}
