import { bech32 } from "@scure/base";

/**
 * The prefixes of a network's addresses, derived from one base prefix out of the genesis document:
 * `assay`, `assayvaloper`, `assayvalcons`.
 */
export function encodeAddress(prefix: string, address: Uint8Array): string {
  return bech32.encode(prefix, bech32.toWords(address), 90);
}

/**
 * @returns the 20 bytes of an address with this prefix, or undefined for a wrong checksum, prefix, case or length.
 */
export function decodeAddress(prefix: string, text: string): Uint8Array | undefined {
  const decoded = bech32.decodeUnsafe(text, 90);
  if (decoded === undefined || decoded.prefix !== prefix) return undefined;
  const bytes = bech32.fromWordsUnsafe(decoded.words);
  return bytes !== undefined && bytes.length === 20 ? Uint8Array.from(bytes) : undefined;
}
