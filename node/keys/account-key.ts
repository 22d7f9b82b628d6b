import { randomBytes } from "node:crypto";
import { Bip39, EnglishMnemonic, Secp256k1, Slip10, Slip10Curve, stringToPath } from "@cosmjs/crypto";
import { accountAddress } from "../../chain/crypto/hash.ts";
import { UserError } from "../user-error.ts";
import { createKeyFile, readKeyFile } from "./key-file.ts";

/**
 * The mnemonic that Ethereum's development tools use, so that wallets have it at hand. Everybody knows it: accounts of
 * it are worth nothing outside a local network.
 */
export const DEVELOPMENT_MNEMONIC = "test test test test test test test test test test test junk";

/** BIP-44 path of an account: coin type 118, as all Cosmos wallets take it. */
export function accountPath(index: number): string {
  return `m/44'/118'/0'/0/${index}`;
}

/** An account that can sign transactions. */
export interface SigningAccount {
  /** 32 bytes. */
  readonly privateKey: Uint8Array;
  /** 33 bytes, compressed. */
  readonly publicKey: Uint8Array;
  /** 20 bytes. */
  readonly address: Uint8Array;
}

/** An account that was derived from words. */
export interface AccountKey extends SigningAccount {
  readonly mnemonic: string;
  readonly path: string;
}

/** What an account is made from, and all that has to be kept of it. */
export type AccountSecret =
  | { readonly mnemonic: string; readonly path: string }
  /** 32 bytes. */
  | { readonly privateKey: Uint8Array };

const WORD_COUNTS = [12, 15, 18, 21, 24];
const WORDS = new Set(EnglishMnemonic.wordlist);

/** @throws UserError saying which word is none by its place, or that the checksum is wrong; never quotes a word. */
function parseMnemonic(mnemonic: string): EnglishMnemonic {
  const fault = "not a mnemonic: expected 12 to 24 English words of BIP-39, the last one a checksum";
  const words = mnemonic.split(" ");
  if (!WORD_COUNTS.includes(words.length)) throw new UserError(`${fault}; there are ${words.length} words`);
  const unknown = words.findIndex((word) => !WORDS.has(word));
  if (unknown >= 0) throw new UserError(`${fault}; word ${unknown + 1} is not in the list`);
  try {
    return new EnglishMnemonic(mnemonic);
  } catch {
    // The library's error may quote the words.
    throw new UserError(`${fault}; the checksum is wrong: a word is another one, or two are swapped`);
  }
}

const HD_PATH = /^m(\/(\d{1,10})'?){1,10}$/;

/** @throws UserError for what is no BIP-32 path. */
export function checkPath(path: string): void {
  const steps = path.match(/\d+/g) ?? [];
  if (!HD_PATH.test(path) || steps.some((step) => Number(step) >= 2 ** 31)) {
    throw new UserError(`"${path.slice(0, 80)}" is no BIP-32 path such as ${accountPath(0)}`);
  }
}

/** The account of a bare private key. @throws UserError for bytes that are no secp256k1 key. */
export function accountOfPrivateKey(privateKey: Uint8Array): SigningAccount {
  try {
    const publicKey = Secp256k1.compressPubkey(Secp256k1.makeKeypair(privateKey).pubkey);
    return { privateKey, publicKey, address: accountAddress(publicKey) };
  } catch {
    // The library's error may quote the key.
    throw new UserError("not a private key: expected 32 bytes that are not zero and below the order of secp256k1");
  }
}

/** @throws UserError for words, a path or bytes that make no account. */
export async function accountOfSecret(secret: AccountSecret): Promise<SigningAccount> {
  if ("privateKey" in secret) return accountOfPrivateKey(secret.privateKey);
  checkPath(secret.path);
  return deriveOne(secret.mnemonic, secret.path);
}

/**
 * Derives accounts from one mnemonic (BIP-39, BIP-32).
 * PERF: the seed costs 2048 rounds of HMAC-SHA-512 once, each path a few milliseconds.
 * @throws UserError for words that are no mnemonic, without quoting them.
 */
export async function deriveAccounts(mnemonic: string, paths: readonly string[]): Promise<AccountKey[]> {
  const words = parseMnemonic(mnemonic);
  const seed = await Bip39.mnemonicToSeed(words);
  return paths.map((path) => {
    const { privkey } = Slip10.derivePath(Slip10Curve.Secp256k1, seed, stringToPath(path));
    const publicKey = Secp256k1.compressPubkey(Secp256k1.makeKeypair(privkey).pubkey);
    return { mnemonic, path, privateKey: privkey, publicKey, address: accountAddress(publicKey) };
  });
}

async function deriveOne(mnemonic: string, path: string): Promise<AccountKey> {
  const [account] = await deriveAccounts(mnemonic, [path]);
  if (account === undefined) throw new Error("no account was derived");
  return account;
}

/** 24 new words. */
export function newMnemonic(): string {
  return Bip39.encode(new Uint8Array(randomBytes(32))).toString();
}

/**
 * Writes an account's mnemonic to a new key file.
 * @throws UserError when the file exists, or for words that are no mnemonic.
 */
export async function createAccountKey(
  path: string,
  mnemonic: string = newMnemonic(),
  hdPath: string = accountPath(0),
): Promise<AccountKey> {
  const account = await deriveOne(mnemonic, hdPath);
  createKeyFile(path, "account", { mnemonic, path: account.path });
  return account;
}

/** @throws UserError for a file that is missing, damaged, open to others or of another type. */
export async function loadAccountKey(path: string): Promise<AccountKey> {
  const fields = readKeyFile(path, "account", ["mnemonic", "path"]);
  if (!HD_PATH.test(fields.path)) throw new UserError(`key file ${path} is damaged: not a BIP-32 path`);
  return deriveOne(fields.mnemonic, fields.path);
}
