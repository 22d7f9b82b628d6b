import { expect, test } from "vitest";
import { blsKeyFromSeed, blsSecretKey } from "../../chain/crypto/bls.ts";
import { ed25519PublicKey, signEd25519 } from "../../chain/crypto/ed25519.ts";
import { parseGenesis } from "../../genesis/document.ts";
import { localGenesis, type ValidatorSeed } from "../../genesis/local-network.ts";
import { parameterTable, parseParameters } from "../../genesis/parameters.ts";
import { PRESETS, type Preset, presetParams } from "../../genesis/presets.ts";
import { modules } from "../../modules/registry.ts";

const table = parameterTable(modules);

test.each(Object.keys(PRESETS) as Preset[])(
  "every override of preset %s is a parameter, in range and within the rules",
  (preset) => {
    const overrides = presetParams(preset, modules);
    expect(Object.keys(overrides)).toHaveLength(Object.keys(PRESETS[preset]).length);
    const params = parseParameters(overrides, table, (path, message) => expect.fail(`${path}: ${message}`));
    for (const [name, value] of Object.entries(PRESETS[preset])) expect(params.get(name)).toBe(value);
  },
);

test("stake outlasts the windows of a job and the penalty that may follow, at the pace of empty blocks", () => {
  const check = (overrides: Record<string, string>): string[] => {
    const errors: string[] = [];
    parseParameters(overrides, table, (path, message) => errors.push(`${path}: ${message}`));
    return errors;
  };
  // The defaults: (30 + 3 + 50,000) blocks × 5 s.
  expect(check({ "staking.unbondingTime": "250165001" })).toEqual([]);
  const [error, ...more] = check({ "staking.unbondingTime": "250165000" });
  expect(more).toEqual([]);
  expect(error).toMatch(
    /^params\.staking\.unbondingTime: must be more than \(.* = 250165000, or stake could leave before/,
  );
  expect(error).toContain(
    "raise it or lower the others (staking.unbondingTime = 250165000, inference.commitWindow = 3,",
  );
  expect(check({ "staking.unbondingTime": "250165001", "inference.commitWindow": "31" })).toHaveLength(1);
  expect(check({ "staking.unbondingTime": "250165001", "consensus.emptyBlockInterval": "5001" })).toHaveLength(1);
});

function seed(index: number): ValidatorSeed {
  const secret = new Uint8Array(32).fill(index + 1);
  return {
    moniker: `node${index}`,
    operator: new Uint8Array(20).fill(index + 1),
    identityKey: { publicKey: ed25519PublicKey(secret), sign: (message) => signEd25519(secret, message) },
    voteKey: blsSecretKey(blsKeyFromSeed(secret)),
    tokens: 1_000_000_000n,
  };
}

function document(validators: readonly ValidatorSeed[]) {
  return localGenesis({
    chainId: "assaylocalabcdef-1",
    time: Date.UTC(2026, 0, 1),
    modules,
    validators,
    balances: validators.map(({ operator }) => ({ address: operator, amount: 5_000_000n })),
  });
}

test("the modules find nothing wrong with a local network's genesis", () => {
  const result = parseGenesis(document([0, 1, 2, 3].map(seed)), modules);
  expect(result.ok ? [] : result.errors).toEqual([]);
});

test("the modules find two validators with one operator", () => {
  expect(parseGenesis(document([seed(0), seed(1), seed(0)]), modules).ok).toBe(false);
});
