import { fromHex, toHex } from "../../chain/bytes.ts";
import { UserError } from "../user-error.ts";
import type { AccountSecret } from "./account-key.ts";

/** What is encrypted, or handed to the system's keyring: JSON on one line. */
export function encodeSecret(secret: AccountSecret): Uint8Array {
  const json = "privateKey" in secret ? { privateKey: toHex(secret.privateKey) } : secret;
  return new TextEncoder().encode(JSON.stringify(json));
}

/** @throws UserError, whose message goes behind a name and quotes nothing. */
export function decodeSecret(bytes: Uint8Array): AccountSecret {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new UserError("holds no account"); // The parser's message quotes the secret.
  }
  const { mnemonic, path, privateKey } = (json ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof mnemonic === "string" && typeof path === "string") return { mnemonic, path };
  if (typeof privateKey === "string" && /^[0-9a-f]{64}$/.test(privateKey)) return { privateKey: fromHex(privateKey) };
  throw new UserError("holds no account");
}
