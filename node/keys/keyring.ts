import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { didYouMean } from "../../genesis/nearest.ts";
import { UserError } from "../user-error.ts";
import {
  type AccountKey,
  accountPath,
  createAccountKey,
  DEVELOPMENT_MNEMONIC,
  deriveAccounts,
  loadAccountKey,
} from "./account-key.ts";

/** Names that stand for the accounts of the development mnemonic, so that they need no file. */
const DEVELOPMENT_NAME = /^dev([0-9])$/;
const NAME = /^[a-z][a-z0-9_-]{0,31}$/;

/**
 * Named accounts in a folder, one key file each, unencrypted: for local networks and tests. Real value belongs into a
 * wallet. `dev0` to `dev9` are the accounts of the development mnemonic.
 */
export interface Keyring {
  /** New words, or the given ones. @throws UserError for a bad or used name, or words that are no mnemonic. */
  add(name: string, mnemonic?: string): Promise<AccountKey>;
  /** Names in alphabetical order, without the development accounts. */
  names(): string[];
  /** @throws UserError for an unknown name, with the nearest known one. */
  load(name: string): Promise<AccountKey>;
}

export function openKeyring(folder: string): Keyring {
  const pathOf = (name: string) => join(folder, `${name}.json`);
  function checkName(name: string): void {
    if (!NAME.test(name)) {
      throw new UserError(
        `"${name.slice(0, 40)}" is no name for a key: 1 to 32 of a-z, 0-9, "-" and "_", a letter first`,
      );
    }
  }
  function names(): string[] {
    if (!existsSync(folder)) return [];
    const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
    return files
      .map((file) => file.slice(0, -".json".length))
      .filter((name) => NAME.test(name))
      .sort();
  }
  return {
    names,
    async add(name, mnemonic) {
      checkName(name);
      if (DEVELOPMENT_NAME.test(name))
        throw new UserError(`"${name}" stands for an account of the development mnemonic`);
      return createAccountKey(pathOf(name), mnemonic);
    },
    async load(name) {
      checkName(name);
      const index = DEVELOPMENT_NAME.exec(name)?.[1];
      if (index !== undefined) {
        const [account] = await deriveAccounts(DEVELOPMENT_MNEMONIC, [accountPath(Number(index))]);
        if (account !== undefined) return account;
      }
      if (!existsSync(pathOf(name))) {
        throw new UserError(`there is no key "${name}" in ${folder}${didYouMean(name, names())}`);
      }
      return loadAccountKey(pathOf(name));
    },
  };
}
