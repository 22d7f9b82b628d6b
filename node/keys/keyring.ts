import { existsSync, linkSync, mkdirSync, readdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { accountAddress } from "../../chain/crypto/hash.ts";
import { didYouMean } from "../../genesis/nearest.ts";
import { systemErrorCode, UserError } from "../user-error.ts";
import {
  type AccountSecret,
  accountOfSecret,
  accountPath,
  DEVELOPMENT_MNEMONIC,
  type SigningAccount,
} from "./account-key.ts";
import { BACKENDS, type BackendName, type KeyBackend, type Passphrases } from "./backend.ts";
import { fileBackend } from "./file-backend.ts";
import { fsyncFolder } from "./key-file.ts";
import { osBackend } from "./os-backend.ts";
import { systemKeyring } from "./system-keyring.ts";
import { testBackend } from "./test-backend.ts";

/** Names that stand for the accounts of the development mnemonic, so that they need no file. */
const DEVELOPMENT_NAME = /^dev([0-9])$/;
const NAME = /^[a-z][a-z0-9_-]{0,31}$/;

/** Of an account, what everybody may know. */
export interface PublicAccount {
  readonly name: string;
  /** 33 bytes, compressed. */
  readonly publicKey: Uint8Array;
  /** 20 bytes. */
  readonly address: Uint8Array;
}

/** Named accounts in a folder, one file each. `dev0` to `dev9` are the accounts of the development mnemonic. */
export interface Keyring {
  readonly backend: BackendName;
  readonly folder: string;
  /** @throws UserError for a bad or used name, or a secret that makes no account. */
  add(name: string, secret: AccountSecret): Promise<SigningAccount>;
  /** Names in alphabetical order, without the development accounts. */
  names(): string[];
  /** Without a passphrase. @throws UserError for an unknown name, with the nearest known one; so do those below. */
  show(name: string): Promise<PublicAccount>;
  secret(name: string): Promise<AccountSecret>;
  load(name: string): Promise<SigningAccount>;
  remove(name: string): Promise<void>;
  /** Never replaces an account. */
  rename(from: string, to: string): void;
}

export interface KeyringOptions {
  /** A node's home, or the person's own folder. */
  readonly home: string;
  readonly backend: BackendName;
  readonly passphrases: Passphrases;
  /** scrypt's cost of what the backend `file` makes; see `seal`. */
  readonly logN?: number;
}

/** Each backend has a folder of its own, so that names can't be taken for those of another. */
export function keyringFolder(home: string, backend: BackendName): string {
  return join(home, backend === "test" ? "keyring" : `keyring-${backend}`);
}

/** @throws UserError for what is no backend. */
export function backendName(text: string): BackendName {
  const found = BACKENDS.find((name) => name === text);
  if (found !== undefined) return found;
  const hint = didYouMean(text, BACKENDS);
  throw new UserError(`--keyring-backend must be ${BACKENDS.join(", ")}, not "${text.slice(0, 40)}"${hint}`);
}

/** @throws UserError for what can't be a key's name. */
function checkName(name: string): void {
  if (NAME.test(name)) return;
  throw new UserError(`"${name.slice(0, 40)}" is no name for a key: 1 to 32 of a-z, 0-9, "-" and "_", a letter first`);
}

function namesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
  return files
    .map((file) => file.slice(0, -".json".length))
    .filter((name) => NAME.test(name))
    .sort();
}

function backendOf({ backend, passphrases, logN }: KeyringOptions): KeyBackend {
  switch (backend) {
    case "file":
      return fileBackend(passphrases, logN);
    case "test":
      return testBackend;
    case "os":
      return osBackend(systemKeyring);
  }
}

function developmentSecret(name: string): AccountSecret | undefined {
  const index = DEVELOPMENT_NAME.exec(name)?.[1];
  return index === undefined ? undefined : { mnemonic: DEVELOPMENT_MNEMONIC, path: accountPath(Number(index)) };
}

/** The keyring of a home; nothing is read or made before it is asked for. */
export function openKeyring(options: KeyringOptions): Keyring {
  const { home } = options;
  const folder = keyringFolder(home, options.backend);
  const backend = backendOf(options);
  const pathOf = (name: string) => join(folder, `${name}.json`);

  function unknown(name: string): UserError {
    const other = BACKENDS.find((one) => namesIn(keyringFolder(home, one)).includes(name));
    const hint =
      other === undefined ? didYouMean(name, namesIn(folder)) : `; there is one with --keyring-backend ${other}`;
    return new UserError(`there is no key "${name}" in ${folder}${hint}`);
  }
  function existing(name: string): string {
    checkName(name);
    if (DEVELOPMENT_NAME.test(name)) throw new UserError(`"${name}" stands for an account of the development mnemonic`);
    if (!existsSync(pathOf(name))) throw unknown(name);
    return pathOf(name);
  }
  function free(name: string): string {
    checkName(name);
    if (DEVELOPMENT_NAME.test(name)) throw new UserError(`"${name}" stands for an account of the development mnemonic`);
    const path = pathOf(name);
    if (existsSync(path)) throw new UserError(`key file ${path} exists and is never overwritten: move it away first`);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return path;
  }
  async function secret(name: string): Promise<AccountSecret> {
    return developmentSecret(name) ?? backend.secret(existing(name));
  }
  return {
    backend: options.backend,
    folder,
    names: () => namesIn(folder),
    async add(name, secret) {
      const account = await accountOfSecret(secret);
      await backend.create(free(name), account, secret);
      return account;
    },
    async show(name) {
      const development = developmentSecret(name);
      const publicKey =
        development === undefined
          ? await backend.publicKey(existing(name))
          : (await accountOfSecret(development)).publicKey;
      return { name, publicKey, address: accountAddress(publicKey) };
    },
    secret,
    load: async (name) => accountOfSecret(await secret(name)),
    async remove(name) {
      const path = existing(name);
      await backend.forget(path);
      unlinkSync(path);
      fsyncFolder(folder);
    },
    rename(from, to) {
      const source = existing(from);
      const target = free(to);
      try {
        // Unlike a rename, a link fails when the name is taken.
        linkSync(source, target);
      } catch (error) {
        if (systemErrorCode(error) !== "EEXIST") throw error;
        throw new UserError(`key file ${target} exists and is never overwritten`, { cause: error });
      }
      unlinkSync(source);
      fsyncFolder(folder);
    },
  };
}
