import { utf8 } from "../chain/bytes.ts";
import { sha256 } from "../chain/crypto/hash.ts";
import { canonicalJson } from "./canonical-json.ts";

/**
 * What names a network: every signed object's domain holds it. SHA-256 of the canonical JSON of the whole document, so
 * that it does not depend on a file's layout.
 * @throws Error for a value that has no canonical JSON.
 */
export function genesisRoot(document: unknown): Uint8Array {
  return sha256(utf8(canonicalJson(document)));
}
