import { bech32 } from "@scure/base";
import { UserError } from "../user-error.ts";

/** The 20 bytes of an address, whatever its prefix. @throws UserError */
export function decodeAnyAddress(text: string): Uint8Array {
  const decoded = bech32.decodeUnsafe(text, 90);
  const bytes = decoded === undefined ? undefined : bech32.fromWordsUnsafe(decoded.words);
  if (bytes === undefined || bytes.length !== 20) throw new UserError(`${text.slice(0, 100)} is not an address`);
  return Uint8Array.from(bytes);
}
