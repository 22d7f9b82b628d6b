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
export interface AccountKey {
  readonly mnemonic: string;
  readonly path: string;
  /** 32 bytes. */
  readonly privateKey: Uint8Array;
  /** 33 bytes, compressed. */
  readonly publicKey: Uint8Array;
  /** 20 bytes. */
  readonly address: Uint8Array;
}

/**
 * Derives accounts from one mnemonic (BIP-39, BIP-32).
 * PERF: the seed costs 2048 rounds of HMAC-SHA-512 once, each path a few milliseconds.
 * @throws UserError for words that are no mnemonic, without quoting them.
 */
export async function deriveAccounts(mnemonic: string, paths: readonly string[]): Promise<AccountKey[]> {
  let words: EnglishMnemonic;
  try {
    words = new EnglishMnemonic(mnemonic);
  } catch {
    throw new UserError("not a mnemonic: expected 12 to 24 English words of BIP-39, the last one a checksum");
  }
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
export async function createAccountKey(path: string, mnemonic: string = newMnemonic()): Promise<AccountKey> {
  const account = await deriveOne(mnemonic, accountPath(0));
  createKeyFile(path, "account", { mnemonic, path: account.path });
  return account;
}

/** @throws UserError for a file that is missing, damaged, open to others or of another type. */
export async function loadAccountKey(path: string): Promise<AccountKey> {
  const fields = readKeyFile(path, "account", ["mnemonic", "path"]);
  if (!/^m(\/\d{1,10}'?){1,10}$/.test(fields.path))
    throw new UserError(`key file ${path} is damaged: not a BIP-32 path`);
  return deriveOne(fields.mnemonic, fields.path);
}
