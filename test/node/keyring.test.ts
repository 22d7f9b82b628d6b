import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fromHex } from "../../chain/bytes.ts";
import { accountPath, DEVELOPMENT_MNEMONIC, newMnemonic } from "../../node/keys/account-key.ts";
import type { BackendName, Passphrases } from "../../node/keys/backend.ts";
import { type Keyring, openKeyring } from "../../node/keys/keyring.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** The cheapest scrypt that a file may ask for. */
const LOG_N = 14;
const WORDS = { mnemonic: DEVELOPMENT_MNEMONIC, path: accountPath(0) };
const PRIVATE = { privateKey: fromHex("42".repeat(32)) };

const saying = (passphrase: string): Passphrases => ({
  known: () => Promise.resolve(passphrase),
  fresh: () => Promise.resolve(passphrase),
});

function keyringIn(home: string, backend: BackendName, passphrase = "correct horse"): Keyring {
  return openKeyring({ home, backend, passphrases: saying(passphrase), logN: LOG_N });
}

test.each(["test", "file"] as const)("the backend %s adds, lists, finds, renames and removes", async (backend) => {
  const home = temporaryFolder();
  const keyring = keyringIn(home, backend);
  expect(keyring.names()).toEqual([]);
  expect(existsSync(keyring.folder)).toBe(false);
  const alice = await keyring.add("alice", { mnemonic: newMnemonic(), path: accountPath(3) });
  await keyring.add("bob", WORDS);
  await keyring.add("carl", PRIVATE);
  expect(keyring.names()).toEqual(["alice", "bob", "carl"]);
  expect(statSync(keyring.folder).mode & 0o777).toBe(0o700);
  expect(statSync(join(keyring.folder, "alice.json")).mode & 0o777).toBe(0o600);
  expect((await keyring.load("alice")).privateKey).toEqual(alice.privateKey);
  expect((await keyring.show("alice")).address).toEqual(alice.address);
  expect(await keyring.secret("bob")).toEqual(WORDS);
  expect(await keyring.secret("carl")).toEqual(PRIVATE);
  expect((await keyring.load("dev0")).address).toEqual((await keyring.show("bob")).address);
  await expect(keyring.load("alcie")).rejects.toThrow('there is no key "alcie"');
  await expect(keyring.load("alcie")).rejects.toThrow('did you mean "alice"?');
  await expect(keyring.add("alice", WORDS)).rejects.toThrow("never overwritten");
  await expect(keyring.add("dev3", WORDS)).rejects.toThrow("development mnemonic");
  await expect(keyring.add("../escape", WORDS)).rejects.toThrow("is no name for a key");
  await expect(keyring.load("../node")).rejects.toThrow("is no name for a key");
  expect(() => keyring.rename("alice", "bob")).toThrow("never overwritten");
  keyring.rename("alice", "zoe");
  await keyring.remove("bob");
  expect(keyring.names()).toEqual(["carl", "zoe"]);
  expect((await keyring.load("zoe")).address).toEqual(alice.address);
});

test("a key of another backend is named as such", async () => {
  const home = temporaryFolder();
  await keyringIn(home, "test").add("alice", WORDS);
  await expect(keyringIn(home, "file").load("alice")).rejects.toThrow("there is one with --keyring-backend test");
});

test("a wrong passphrase is said to be wrong, after the right one was not", async () => {
  const home = temporaryFolder();
  await keyringIn(home, "file", "correct horse").add("alice", WORDS);
  await expect(keyringIn(home, "file", "correct house").load("alice")).rejects.toThrow(
    /alice\.json can't be opened: wrong passphrase$/,
  );
  expect(await keyringIn(home, "file", "correct horse").secret("alice")).toEqual(WORDS);
});
