import { UserError } from "../user-error.ts";
import type { AccountSecret } from "./account-key.ts";
import { decodeSecret, encodeSecret } from "./account-secret.ts";
import { checkSealed, SEALED_FIELDS, type Sealed, seal, unseal } from "./seal.ts";

const BEGIN = "-----BEGIN ASSAY PRIVATE KEY-----";
const END = "-----END ASSAY PRIVATE KEY-----";
const LINE = 64;
const MAX_TEXT = 16_384;

/** An account under a passphrase as text that survives mail and paper. @param logN see `seal`. */
export async function armour(
  secret: AccountSecret,
  publicKey: Uint8Array,
  passphrase: string,
  logN?: number,
): Promise<string> {
  const sealed = await seal(encodeSecret(secret), publicKey, passphrase, logN);
  const lines =
    Buffer.from(JSON.stringify(sealed))
      .toString("base64")
      .match(new RegExp(`.{1,${LINE}}`, "g")) ?? [];
  return [BEGIN, ...lines, END].join("\n");
}

/** The record in an armoured text. @throws UserError, whose message goes behind the name of the text. */
export function readArmour(text: string): Sealed {
  if (text.length > MAX_TEXT) throw new UserError(`has ${text.length} characters, more than ${MAX_TEXT}: not a key`);
  const lines = text.trim().split(/\r?\n/);
  if (lines[0] !== BEGIN || lines.at(-1) !== END) {
    throw new UserError(`is damaged: it must start with ${BEGIN} and end with ${END}`);
  }
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(lines.slice(1, -1).join(""), "base64").toString("utf8"));
  } catch {
    throw new UserError("is damaged: not a key in base64"); // The parser's message says nothing that helps.
  }
  const fields = new Map(Object.entries((json ?? {}) as object));
  const values = SEALED_FIELDS.map((name) => [name, fields.get(name)] as const);
  const missing = values.find(([, value]) => typeof value !== "string");
  if (missing !== undefined) throw new UserError(`is damaged: "${missing[0]}" is missing`);
  const sealed = Object.fromEntries(values) as unknown as Sealed;
  checkSealed(sealed);
  return sealed;
}

/** @throws UserError, whose message goes behind the name of the text. */
export async function openArmour(sealed: Sealed, passphrase: string): Promise<AccountSecret> {
  return decodeSecret(await unseal(sealed, passphrase));
}
