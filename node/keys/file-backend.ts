import { equalBytes, fromHex } from "../../chain/bytes.ts";
import { UserError } from "../user-error.ts";
import { accountOfSecret } from "./account-key.ts";
import { decodeSecret, encodeSecret } from "./account-secret.ts";
import type { KeyBackend, Passphrases } from "./backend.ts";
import { createKeyFile, readKeyFile } from "./key-file.ts";
import { checkSealed, SEALED_FIELDS, type Sealed, seal, unseal } from "./seal.ts";

/** Puts a name before what is wrong with it. */
export async function naming<T>(what: string, act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${what} ${error.message}`, { cause: error });
  }
}

function readSealed(path: string): Sealed {
  return readKeyFile(path, "sealed-account", SEALED_FIELDS);
}

/** Accounts encrypted with a passphrase. @param logN scrypt's cost, see `seal`. */
export function fileBackend(passphrases: Passphrases, logN?: number): KeyBackend {
  return {
    async create(path, account, secret) {
      const passphrase = await passphrases.fresh("the new key");
      createKeyFile(path, "sealed-account", {
        ...(await seal(encodeSecret(secret), account.publicKey, passphrase, logN)),
      });
    },
    async publicKey(path) {
      const sealed = readSealed(path);
      await naming(`key file ${path}`, () => checkSealed(sealed));
      return fromHex(sealed.publicKey);
    },
    async secret(path) {
      const sealed = readSealed(path);
      const what = `key file ${path}`;
      await naming(what, () => checkSealed(sealed));
      const passphrase = await passphrases.known(what);
      const secret = await naming(what, async () => decodeSecret(await unseal(sealed, passphrase)));
      const { publicKey } = await accountOfSecret(secret);
      if (!equalBytes(publicKey, fromHex(sealed.publicKey))) {
        throw new UserError(`${what} is damaged: the public key does not belong to the secret`);
      }
      return secret;
    },
    forget: () => Promise.resolve(),
  };
}
