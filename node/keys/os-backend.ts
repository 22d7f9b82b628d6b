import { randomBytes } from "node:crypto";
import { equalBytes, fromHex, toHex } from "../../chain/bytes.ts";
import { UserError } from "../user-error.ts";
import { accountOfSecret } from "./account-key.ts";
import { decodeSecret, encodeSecret } from "./account-secret.ts";
import type { KeyBackend } from "./backend.ts";
import { naming } from "./file-backend.ts";
import { createKeyFile, keyBytes, readKeyFile } from "./key-file.ts";
import type { SystemKeyring } from "./system-keyring.ts";

function readReference(path: string): { id: string; publicKey: Uint8Array } {
  const { id, publicKey } = readKeyFile(path, "system-account", ["id", "publicKey"]);
  if (!/^[0-9a-f]{32}$/.test(id)) throw new UserError(`key file ${path} is damaged: "id" is none`);
  return { id, publicKey: keyBytes(path, "publicKey", publicKey, 33) };
}

/** Accounts in the operating system's keyring; the file has the public key and under which id the secret is. */
export function osBackend(system: () => SystemKeyring): KeyBackend {
  return {
    async create(path, account, secret) {
      const id = randomBytes(16).toString("hex");
      const keyring = system();
      await keyring.store(id, toHex(encodeSecret(secret)));
      try {
        createKeyFile(path, "system-account", { id, publicKey: toHex(account.publicKey) });
      } catch (error) {
        await keyring.remove(id);
        throw error;
      }
    },
    publicKey: async (path) => readReference(path).publicKey,
    async secret(path) {
      const { id, publicKey } = readReference(path);
      const hex = await system().lookup(id);
      const what = `what the system's keyring has for ${path}`;
      if (!/^([0-9a-f]{2})+$/.test(hex)) throw new UserError(`${what} is no key`);
      const secret = await naming(what, () => decodeSecret(fromHex(hex)));
      const account = await accountOfSecret(secret);
      if (!equalBytes(account.publicKey, publicKey)) throw new UserError(`${what} is another account's key`);
      return secret;
    },
    forget: (path) => system().remove(readReference(path).id),
  };
}
