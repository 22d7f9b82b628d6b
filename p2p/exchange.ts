import { MAX_ADDRESS_LENGTH, parsePeerAddress } from "./peer-address.ts";

/** Most addresses in one answer. */
export const MAX_TOLD = 32;

/** A request for addresses: the asker's own, or nothing for one that has none to give. */
export function encodeExchangeRequest(own: string | undefined): Uint8Array {
  return new TextEncoder().encode(own ?? "");
}

/** The asker's address, if it gives one; undefined for anything but an address of the asker itself. */
export function decodeExchangeRequest(bytes: Uint8Array, from: string): { readonly own?: string } | undefined {
  if (bytes.length === 0) return {};
  if (bytes.length > MAX_ADDRESS_LENGTH) return undefined;
  const parsed = parsePeerAddress(new TextDecoder().decode(bytes));
  return parsed?.peerId === from ? { own: parsed.address } : undefined;
}

/** An answer: an address a line. */
export function encodeAddresses(addresses: readonly string[]): Uint8Array {
  return new TextEncoder().encode(addresses.join("\n"));
}

/** The addresses of an answer, or undefined when it breaks a bound or holds what is no address. */
export function decodeAddresses(bytes: Uint8Array): readonly string[] | undefined {
  if (bytes.length === 0) return [];
  if (bytes.length > MAX_TOLD * (MAX_ADDRESS_LENGTH + 1)) return undefined;
  const lines = new TextDecoder().decode(bytes).split("\n");
  if (lines.length > MAX_TOLD || new Set(lines).size !== lines.length) return undefined;
  return lines.every((line) => parsePeerAddress(line)?.address === line) ? lines : undefined;
}
