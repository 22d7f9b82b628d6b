import { createCipheriv, createDecipheriv, createHash, randomBytes, scrypt } from "node:crypto";
import { toHex } from "../../chain/bytes.ts";
import { UserError } from "../user-error.ts";

/**
 * A secret under a passphrase: scrypt (RFC 7914) makes the key, AES-256-GCM (SP 800-38D) encrypts and authenticates, the parameters and
 * everything else in the record included.
 */
export interface Sealed {
  /** 33 bytes of the account, in lower-case hexadecimal like all bytes here: readable without the passphrase. */
  readonly publicKey: string;
  readonly kdf: string;
  /** Decimal: scrypt's cost is 2 to the power of it. */
  readonly logN: string;
  /** 32 bytes. */
  readonly salt: string;
  readonly cipher: string;
  /** 12 bytes. */
  readonly nonce: string;
  readonly ciphertext: string;
  /** 16 bytes. */
  readonly mac: string;
  /** SHA-256 of all of the above: tells a damaged file from a wrong passphrase. It guards against accidents, `mac` against people. */
  readonly checksum: string;
}

export const SEALED_FIELDS = [
  "publicKey",
  "kdf",
  "logN",
  "salt",
  "cipher",
  "nonce",
  "ciphertext",
  "mac",
  "checksum",
] as const satisfies readonly (keyof Sealed)[];

const KDF = "scrypt-r8-p1";
const CIPHER = "aes-256-gcm";
/** 128 MiB and about a third of a second. */
export const DEFAULT_LOG_N = 17;
/** What a file may ask for: at the top a gigabyte and some seconds. */
const LOG_N_RANGE = { min: 14, max: 20 };
const MAX_SECRET = 4096;

function deriveKey(passphrase: string, salt: Uint8Array, logN: number): Promise<Buffer> {
  const N = 2 ** logN;
  const options = { N, r: 8, p: 1, maxmem: 128 * 8 * N + 1_048_576 };
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize("NFKC"), salt, 32, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

type Header = Pick<Sealed, "publicKey" | "kdf" | "logN" | "salt" | "cipher" | "nonce">;

function additionalData({ publicKey, kdf, logN, salt, cipher, nonce }: Header): Buffer {
  return Buffer.from([publicKey, kdf, logN, salt, cipher, nonce].join("\n"));
}

function checksumOf(sealed: Omit<Sealed, "checksum">): string {
  const { ciphertext, mac } = sealed;
  return createHash("sha256").update(additionalData(sealed)).update(`\n${ciphertext}\n${mac}`).digest("hex");
}

/**
 * @param publicKey of the account, 33 bytes.
 * @param logN 14 to 20.
 * PERF: with 17, 128 MiB and about 0.3 s, on another thread.
 */
export async function seal(
  secret: Uint8Array,
  publicKey: Uint8Array,
  passphrase: string,
  logN: number = DEFAULT_LOG_N,
): Promise<Sealed> {
  const salt = randomBytes(32);
  const nonce = randomBytes(12);
  const header: Header = {
    publicKey: toHex(publicKey),
    kdf: KDF,
    logN: String(logN),
    salt: salt.toString("hex"),
    cipher: CIPHER,
    nonce: nonce.toString("hex"),
  };
  const cipher = createCipheriv(CIPHER, await deriveKey(passphrase, salt, logN), nonce);
  cipher.setAAD(additionalData(header));
  const ciphertext = Buffer.concat([cipher.update(secret), cipher.final()]).toString("hex");
  const sealed = { ...header, ciphertext, mac: cipher.getAuthTag().toString("hex") };
  return { ...sealed, checksum: checksumOf(sealed) };
}

function hexField(sealed: Sealed, name: keyof Sealed, min: number, max: number): Buffer {
  const text = sealed[name];
  const isHex = /^([0-9a-f]{2})*$/.test(text) && text.length >= min * 2 && text.length <= max * 2;
  if (!isHex) throw new UserError(`is damaged: "${name}" is not what it must be`);
  return Buffer.from(text, "hex");
}

/** What can be seen without the passphrase. @throws UserError, whose message goes behind the name of the file. */
export function checkSealed(sealed: Sealed): void {
  if (sealed.checksum !== checksumOf(sealed)) throw new UserError("is damaged: its checksum is wrong");
  if (sealed.kdf !== KDF || sealed.cipher !== CIPHER) {
    throw new UserError(
      `is sealed with ${sealed.kdf.slice(0, 40)} and ${sealed.cipher.slice(0, 40)}, which nobody knows`,
    );
  }
  const logN = /^\d{2}$/.test(sealed.logN) ? Number(sealed.logN) : 0;
  const { min, max } = LOG_N_RANGE;
  if (logN < min || logN > max) throw new UserError(`is damaged: "logN" must be ${min} to ${max}`);
  hexField(sealed, "publicKey", 33, 33);
}

/** @throws UserError for a damaged record and for a wrong passphrase; its message goes behind the name of the file. */
export async function unseal(sealed: Sealed, passphrase: string): Promise<Uint8Array> {
  checkSealed(sealed);
  const salt = hexField(sealed, "salt", 32, 32);
  const nonce = hexField(sealed, "nonce", 12, 12);
  const ciphertext = hexField(sealed, "ciphertext", 1, MAX_SECRET);
  const mac = hexField(sealed, "mac", 16, 16);
  const decipher = createDecipheriv(CIPHER, await deriveKey(passphrase, salt, Number(sealed.logN)), nonce);
  decipher.setAAD(additionalData(sealed));
  decipher.setAuthTag(mac);
  try {
    return Uint8Array.from(Buffer.concat([decipher.update(ciphertext), decipher.final()]));
  } catch (error) {
    throw new UserError("can't be opened: wrong passphrase", { cause: error });
  }
}
