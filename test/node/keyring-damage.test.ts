import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromHex } from "../../chain/bytes.ts";
import { accountOfPrivateKey } from "../../node/keys/account-key.ts";
import { armour, openArmour, readArmour } from "../../node/keys/armour.ts";
import { openKeyring } from "../../node/keys/keyring.ts";
import { type Sealed, seal, unseal } from "../../node/keys/seal.ts";
import { UserError } from "../../node/user-error.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const LOG_N = 14;
const PASSPHRASE = "correct horse";
const PRIVATE = { privateKey: fromHex("42".repeat(32)) };
const { publicKey } = accountOfPrivateKey(PRIVATE.privateKey);
const SECRET = new TextEncoder().encode("a secret");

const passphrases = { known: () => Promise.resolve(PASSPHRASE), fresh: () => Promise.resolve(PASSPHRASE) };
const open = (home: string) => openKeyring({ home, backend: "file", passphrases, logN: LOG_N });

/** A file that the backend `file` has made. */
async function keyFile(): Promise<string> {
  const keyring = open(temporaryFolder());
  await keyring.add("a", PRIVATE);
  return readFileSync(join(keyring.folder, "a.json"), "utf8");
}

/** What loading, or even listing, this file leads to: the very key, or an error for people. */
async function outcome(home: string, text: string): Promise<"the key" | "an error"> {
  const path = join(home, "keyring-file", "a.json");
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode: 0o600 });
  const keyring = open(home);
  try {
    expect((await keyring.show("a")).publicKey).toEqual(publicKey);
    expect(await keyring.secret("a")).toEqual(PRIVATE);
    return "the key";
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    expect(error.message).toContain("a.json");
    expect(error.message).not.toContain("42".repeat(32));
    return "an error";
  }
}

describe("a key file", () => {
  test("undamaged is read, with whatever white space", async () => {
    const original = await keyFile();
    expect(await outcome(temporaryFolder(), original)).toBe("the key");
    expect(await outcome(temporaryFolder(), original.replaceAll("\n", " "))).toBe("the key");
  });

  test("with any one byte changed is refused, and so is one cut off anywhere", async () => {
    const original = await keyFile();
    const home = temporaryFolder();
    for (let at = 0; at < original.length; at++) {
      // Another digit rather than another character finds the deeper checks.
      const other = original[at] === "1" ? "2" : "1";
      const isSpace = /\s/.test(original[at] ?? "");
      const changed = original.slice(0, at) + (isSpace ? "x" : other) + original.slice(at + 1);
      expect(await outcome(home, changed), `byte ${at}`).toBe("an error");
      if (at % 11 !== 0) continue;
      expect(await outcome(home, original.slice(0, at).trimEnd()), `cut at ${at}`).toBe(
        original.slice(at).trim() === "" ? "the key" : "an error",
      );
    }
  });

  test("of random bytes is refused", async () => {
    const home = temporaryFolder();
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 200 }), async (text) => {
        expect(await outcome(home, text)).toBe("an error");
      }),
      { numRuns: 100 },
    );
  });
});

describe("what is sealed", () => {
  const unsealed = async (sealed: Sealed, passphrase: string): Promise<Uint8Array | string> => {
    try {
      return await unseal(sealed, passphrase);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return error.message;
    }
  };

  test("comes back with the right passphrase, in any Unicode form, and with no other", async () => {
    const sealed = await seal(SECRET, publicKey, "Zoë's horse", LOG_N);
    expect(await unsealed(sealed, "Zoe\u0308's horse")).toEqual(SECRET);
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 30 }), async (passphrase) => {
        fc.pre(passphrase.normalize("NFKC") !== "Zoë's horse");
        expect(await unsealed(sealed, passphrase)).toBe("can't be opened: wrong passphrase");
      }),
      { numRuns: 10 },
    );
  });

  test("twice is not the same twice", async () => {
    const [one, other] = await Promise.all([1, 2].map(() => seal(SECRET, publicKey, PASSPHRASE, LOG_N)));
    expect(one?.salt).not.toBe(other?.salt);
    expect(one?.nonce).not.toBe(other?.nonce);
    expect(one?.ciphertext).not.toBe(other?.ciphertext);
  });

  test("with a checksum that was made to fit still has its MAC", async () => {
    const sealed = await seal(SECRET, publicKey, PASSPHRASE, LOG_N);
    const { createHash } = await import("node:crypto");
    const fitted = (changed: Omit<Sealed, "checksum">): Sealed => {
      const { kdf, logN, salt, cipher, nonce, ciphertext, mac } = changed;
      const text = [changed.publicKey, kdf, logN, salt, cipher, nonce, ciphertext, mac].join("\n");
      return { ...changed, checksum: createHash("sha256").update(text).digest("hex") };
    };
    expect(fitted(sealed)).toEqual(sealed);
    const flip = (hex: string): string => (hex.startsWith("0") ? "1" : "0") + hex.slice(1);
    for (const name of ["publicKey", "salt", "nonce", "ciphertext", "mac"] as const) {
      const changed = fitted({ ...sealed, [name]: flip(sealed[name]) });
      expect(await unsealed(changed, PASSPHRASE), name).toBe("can't be opened: wrong passphrase");
    }
    expect(await unsealed(fitted({ ...sealed, logN: "15" }), PASSPHRASE)).toBe("can't be opened: wrong passphrase");
    // More than a file may ask for is refused before it is computed.
    expect(await unsealed(fitted({ ...sealed, logN: "30" }), PASSPHRASE)).toBe('is damaged: "logN" must be 14 to 20');
  });
});

test("an armoured key is opened again, and any character changed in it is noticed", async () => {
  const text = await armour(PRIVATE, publicKey, PASSPHRASE, LOG_N);
  expect(text.split("\n").every((line) => line.length <= 64)).toBe(true);
  expect(await openArmour(readArmour(`${text.replaceAll("\n", "\r\n")}\n`), PASSPHRASE)).toEqual(PRIVATE);
  await expect(openArmour(readArmour(text), "wrong horse")).rejects.toThrow("wrong passphrase");
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "=") continue; // Padding holds nothing.
    const changed = text.slice(0, at) + (text[at] === "B" ? "C" : "B") + text.slice(at + 1);
    expect(() => readArmour(changed), `character ${at}`).toThrow(UserError);
  }
});
