import { chmodSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fromHex, toHex } from "../../chain/bytes.ts";
import { encodeAddress } from "../../chain/crypto/bech32.ts";
import { createBls } from "../../chain/crypto/bls.ts";
import { verifyEd25519 } from "../../chain/crypto/ed25519.ts";
import {
  accountPath,
  createAccountKey,
  DEVELOPMENT_MNEMONIC,
  deriveAccounts,
  loadAccountKey,
} from "../../node/keys/account-key.ts";
import { createKeyFile, readKeyFile } from "../../node/keys/key-file.ts";
import {
  createIdentityKey,
  createNodeKey,
  createVoteKey,
  loadIdentityKey,
  loadNodeKey,
  loadVoteKey,
} from "../../node/keys/node-keys.ts";
import { peerIdOfSeed } from "../../node/keys/peer-id.ts";
import { UserError } from "../../node/user-error.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const message = Uint8Array.of(1, 2, 3);

test("keys are read back as they were made, and sign", () => {
  const folder = temporaryFolder();
  const path = (name: string) => join(folder, "keys", `${name}.json`);
  const node = createNodeKey(path("node"));
  const identity = createIdentityKey(path("identity"));
  const vote = createVoteKey(path("vote"));
  expect(loadNodeKey(path("node")).seed).toEqual(node.seed);
  const signature = loadIdentityKey(path("identity")).sign(message);
  expect(verifyEd25519(signature, message, identity.publicKey)).toBe(true);
  const voted = loadVoteKey(path("vote")).sign(message);
  expect(createBls().verify({ publicKey: vote.publicKey, message, signature: voted })).toBe(true);
  expect(toHex(node.publicKey)).not.toBe(toHex(identity.publicKey));
  for (const name of ["node", "identity", "vote"]) expect(statSync(path(name)).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, "keys")).mode & 0o777).toBe(0o700);
  expect(readdirSync(join(folder, "keys")).sort()).toEqual(["identity.json", "node.json", "vote.json"]);
});

test("a key file is never overwritten", () => {
  const path = join(temporaryFolder(), "node.json");
  createNodeKey(path);
  const before = readFileSync(path, "utf8");
  expect(() => createNodeKey(path)).toThrow(`key file ${path} exists and is never overwritten`);
  expect(readFileSync(path, "utf8")).toBe(before);
  expect(readdirSync(join(path, ".."))).toEqual(["node.json"]);
});

test.each([0o640, 0o604, 0o620, 0o602, 0o644, 0o610])("a key file of mode %o is refused, with the remedy", (mode) => {
  const path = join(temporaryFolder(), "node.json");
  createNodeKey(path);
  chmodSync(path, mode);
  expect(() => loadNodeKey(path)).toThrow(`run chmod 600 ${path}`);
  chmodSync(path, 0o400);
  expect(loadNodeKey(path).seed).toHaveLength(32);
});

test("a symbolic link, a folder and a missing file are refused", () => {
  const folder = temporaryFolder();
  const path = join(folder, "node.json");
  createNodeKey(path);
  symlinkSync(path, join(folder, "link.json"));
  expect(() => loadNodeKey(join(folder, "link.json"))).toThrow("is a symbolic link");
  expect(() => loadNodeKey(folder)).toThrow("is not a regular file");
  expect(() => loadNodeKey(join(folder, "not.json"))).toThrow("does not exist");
});

const SECRET = "11".repeat(32);
const PUBLIC = "d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737";

test.each<[string, string, string]>([
  ["no JSON", `{"secret":"${SECRET}"`, "is damaged: not JSON"],
  ["null", "null", 'does not hold a key of type "node"'],
  [
    "another type",
    JSON.stringify({ type: "vote", version: 1, publicKey: PUBLIC, secret: SECRET }),
    'does not hold a key of type "node"',
  ],
  [
    "another version",
    JSON.stringify({ type: "node", version: 2, publicKey: PUBLIC, secret: SECRET }),
    "is not of version 1",
  ],
  ["no secret", JSON.stringify({ type: "node", version: 1, publicKey: PUBLIC }), '"secret" is missing'],
  [
    "a short secret",
    JSON.stringify({ type: "node", version: 1, publicKey: PUBLIC, secret: "11" }),
    '"secret" must be 32 bytes',
  ],
  [
    "a secret of another key",
    JSON.stringify({ type: "node", version: 1, publicKey: PUBLIC, secret: "22".repeat(32) }),
    "does not belong to the secret",
  ],
  [
    "one field too many",
    JSON.stringify({ type: "node", version: 1, publicKey: PUBLIC, secret: SECRET, x: 1 }),
    "fields of no meaning",
  ],
  ["17 kB", " ".repeat(17_000), "more than 16384: not a key"],
])("refused without quoting the secret: %s", (_, contents, expected) => {
  const path = join(temporaryFolder(), "node.json");
  writeFileSync(path, contents, { mode: 0o600 });
  let message = "";
  try {
    loadNodeKey(path);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    message = (error as Error).message;
  }
  expect(message).toContain(expected);
  expect(message).not.toContain(SECRET);
});

test("the test of the tests: the same file undamaged is read", () => {
  const path = join(temporaryFolder(), "node.json");
  createKeyFile(path, "node", { publicKey: PUBLIC, secret: SECRET });
  expect(toHex(loadNodeKey(path).publicKey)).toBe(PUBLIC);
  expect(readKeyFile(path, "node", ["publicKey", "secret"]).secret).toBe(SECRET);
});

test("a vote key outside the scalar field is refused", () => {
  const path = join(temporaryFolder(), "vote.json");
  createKeyFile(path, "vote", { publicKey: "00".repeat(48), secret: "ff".repeat(32) });
  expect(() => loadVoteKey(path)).toThrow("the secret is not a valid key");
});

test("the development mnemonic's first account, as other Cosmos tools derive it", async () => {
  const [account] = await deriveAccounts(DEVELOPMENT_MNEMONIC, [accountPath(0)]);
  if (account === undefined) throw new Error("no account");
  expect(encodeAddress("cosmos", account.address)).toBe("cosmos15yk64u7zc9g9k2yr2wmzeva5qgwxps6yxj00e7");
});

test("BIP-39's test vector of all zero entropy, BIP-32 underneath", async () => {
  const words = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";
  const [account] = await deriveAccounts(words, [accountPath(0)]);
  expect(encodeAddress("cosmos", account?.address ?? new Uint8Array())).toBe(
    "cosmos19rl4cm2hmr8afy4kldpxz3fka4jguq0auqdal4",
  );
});

test.each(["", "test test test", "test ".repeat(12).trim(), "TEST junk"])("%j is no mnemonic", async (words) => {
  await expect(deriveAccounts(words, [accountPath(0)])).rejects.toThrow("not a mnemonic");
});

test("an account key is read back", async () => {
  const path = join(temporaryFolder(), "operator.json");
  const account = await createAccountKey(path);
  expect(account.mnemonic.split(" ")).toHaveLength(24);
  expect((await loadAccountKey(path)).privateKey).toEqual(account.privateKey);
});

test("the peer id of a known seed", async () => {
  // The id is the identity multihash of the public key in protobuf, base58: 00 24 08 01 12 20 ‖ key.
  const id = await peerIdOfSeed(fromHex(SECRET));
  expect(id).toMatch(/^12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$/);
  expect(await peerIdOfSeed(fromHex(SECRET))).toBe(id);
});
