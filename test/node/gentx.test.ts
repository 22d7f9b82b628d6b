import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { blsKeyFromSeed, blsSecretKey, createBls } from "../../chain/crypto/bls.ts";
import { ed25519PublicKey, signEd25519 } from "../../chain/crypto/ed25519.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import type { GenesisDocument } from "../../genesis/document.ts";
import { modules } from "../../modules/registry.ts";
import { collectGentxs, type Gentx, gentxFault, makeGentx } from "../../node/gentx.ts";

const NETWORK = { chainId: "assaymade-1", prefix: "assay", denom: "uassay" };

function made(name: string, change: Partial<Parameters<typeof makeGentx>[0]> = {}): Gentx {
  const seed = sha256(Buffer.from(`identity ${name}`));
  return makeGentx({
    ...NETWORK,
    moniker: name,
    operator: sha256(Buffer.from(name)).subarray(0, 20),
    identityKey: { publicKey: ed25519PublicKey(seed), sign: (message) => signEd25519(seed, message) },
    voteKey: blsSecretKey(blsKeyFromSeed(sha256(Buffer.from(`vote ${name}`)))),
    tokens: 5_000_000n,
    ...change,
  });
}

const draft: GenesisDocument = {
  version: 1,
  ...NETWORK,
  genesisTime: "2026-01-31T12:00:00Z",
  params: {},
  modules: Object.fromEntries(modules.map(({ name }) => [name, {}])),
};

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "assay-gentx-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const put = (name: string, value: unknown): void => writeFileSync(join(folder, name), JSON.stringify(value));

describe("collecting", () => {
  test("takes all validators, by operator, whatever the files are called", () => {
    const gentxs = ["a", "b", "c"].map((name) => made(name, { commission: "0.2" }));
    for (const [i, gentx] of gentxs.entries()) put(`${9 - i}.json`, gentx);
    const first = collectGentxs(draft, folder);
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
    for (const [i, gentx] of gentxs.entries()) put(`${i}.json`, gentx);
    expect(collectGentxs(draft, folder)).toEqual(first);
    const { validators } = first.modules.staking as { validators: { moniker: string; commissionRate: string }[] };
    expect(validators.map(({ moniker }) => moniker).sort()).toEqual(["a", "b", "c"]);
    expect(validators[0]?.commissionRate).toBe("0.200000000000000000");
  });

  test("refuses one key in two files, in one line", () => {
    put("1.json", made("a"));
    const { operator } = { operator: sha256(Buffer.from("b")).subarray(0, 20) };
    put("2.json", made("a", { operator }));
    expect(() => collectGentxs(draft, folder)).toThrow(/^2\.json: identityKey \S+ is that of 1\.json, too$/);
  });

  test("refuses an empty folder, and what is no JSON", () => {
    expect(() => collectGentxs(draft, folder)).toThrow("there is no gentx in");
    writeFileSync(join(folder, "1.json"), "{");
    expect(() => collectGentxs(draft, folder)).toThrow(/1\.json is not JSON/);
  });
});

const BLS = createBls();
const good = made("a");
const validatorWith = (change: object): object => ({ ...good, validator: { ...good.validator, ...change } });

test.each<[string, unknown, string]>([
  ["no gentx", [], "is no gentx: make it with assay gentx"],
  [
    "another chain",
    made("a", { chainId: "assayother-1" }),
    'chainId is "assayother-1", this network\'s is "assaymade-1"',
  ],
  ["a foreign prefix", made("a", { prefix: "cosmos" }), 'prefix is "cosmos", this network\'s is "assay"'],
  ["another denomination", made("a", { denom: "uother" }), 'denom is "uother", this network\'s is "uassay"'],
  ["an unknown field", { ...good, extra: 1 }, "there is no field extra"],
  ["a validator that is none", { ...good, validator: 7 }, "validator is a number, an object is expected"],
  [
    "an address of another prefix",
    validatorWith({ operator: made("a", { prefix: "cosmos" }).validator.operator }),
    "validator.operator",
  ],
  ["too little stake", validatorWith({ tokens: "5" }), "validator.tokens must be at least 1000000"],
  [
    "somebody else's proof",
    validatorWith({ proofOfPossession: made("b").validator.proofOfPossession }),
    "the proof of possession is not",
  ],
  [
    "somebody else's identity",
    validatorWith({ identitySignature: made("b").validator.identitySignature }),
    "the identity signature is not",
  ],
  [
    "another operator than proven",
    validatorWith({ operator: made("b").validator.operator }),
    "the proof of possession is not",
  ],
])("refuses %s", (_, json, message) => {
  const fault = gentxFault(json, NETWORK, BLS);
  expect(fault).toContain(message);
  expect(fault).not.toContain("\n");
});

test("takes what it made", () => expect(gentxFault(good, NETWORK, BLS)).toBeUndefined());
