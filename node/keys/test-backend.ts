import { toHex } from "../../chain/bytes.ts";
import { type AccountSecret, accountOfSecret } from "./account-key.ts";
import type { KeyBackend } from "./backend.ts";
import { createKeyFile, keyBytes, keyTypeOf, readKeyFile } from "./key-file.ts";

async function readSecret(path: string): Promise<AccountSecret> {
  if (keyTypeOf(path) === "private-account") {
    const { secret } = readKeyFile(path, "private-account", ["secret"]);
    return { privateKey: keyBytes(path, "secret", secret, 32) };
  }
  return readKeyFile(path, "account", ["mnemonic", "path"]);
}

/** Accounts in the clear, for local networks and tests. */
export const testBackend: KeyBackend = {
  async create(path, _, secret) {
    if ("privateKey" in secret) createKeyFile(path, "private-account", { secret: toHex(secret.privateKey) });
    else createKeyFile(path, "account", { mnemonic: secret.mnemonic, path: secret.path });
  },
  publicKey: async (path) => (await accountOfSecret(await readSecret(path))).publicKey,
  secret: readSecret,
  forget: () => Promise.resolve(),
};
