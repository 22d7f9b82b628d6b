import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeAddress } from "../../chain/crypto/bech32.ts";
import { createContext } from "../../chain/executor/context.ts";
import { ensureAccount, getAccount, MODULE_ACCOUNTS, moduleAddress } from "../../modules/auth/keeper.ts";
import { bankModule } from "../../modules/bank/module.ts";
import { stakingModule } from "../../modules/staking/module.ts";
import { createOverlay } from "../../state/overlay.ts";
import { accountOf, addressOf, BLS, createNetwork, genesisEntry, MODULES, SPEC, validatorKeys } from "./network.ts";

/** Everything a section is told, as `path: message`. */
function reports(name: string, section: unknown): readonly string[] {
  const found: string[] = [];
  const module = MODULES.find((candidate) => candidate.name === name);
  module?.genesis.validate(section, SPEC, (path, message) => found.push(`${path}: ${message}`));
  return found;
}
const paths = (name: string, section: unknown) =>
  reports(name, section).map((text) => text.slice(0, text.indexOf(":")));
const entry = genesisEntry(validatorKeys("alice"), 10_000_000n);
const coins = [{ denom: "uassay", amount: "5" }];

test("module accounts have the first numbers, so that no user has number 0", () => {
  const net = createNetwork({ balances: { ann: 5n } });
  MODULE_ACCOUNTS.forEach(({ name }, i) => {
    expect(getAccount(net.store, moduleAddress(name))?.accountNumber).toBe(i);
  });
  expect(getAccount(net.store, addressOf("ann"))?.accountNumber).toBe(MODULE_ACCOUNTS.length);
  expect(ensureAccount(net.context(), addressOf("next")).accountNumber).toBe(MODULE_ACCOUNTS.length + 2);
});

test("sections that hold nothing may be empty and no more", () => {
  for (const name of ["auth", "slashing"]) {
    expect(reports(name, {})).toEqual([]);
    expect(paths(name, { nothing: [] })).toEqual([`${name}.nothing`]);
    expect(paths(name, undefined)).toEqual([name]);
  }
});

describe("bank", () => {
  test("every error is listed with its path", () => {
    const section = {
      balances: [
        { address: accountOf("ann"), coins },
        {
          address: accountOf("ann"),
          coins: [...coins, ...coins, { denom: "1x", amount: "1" }, { denom: "abc", amount: 5 }],
        },
        { address: encodeAddress("cosmos", addressOf("x")), coins: "all" },
        { address: encodeAddress("assay", moduleAddress("fee_collector")), coins, note: "" },
        { address: accountOf("rich"), coins: [{ denom: "uassay", amount: `1${"0".repeat(24)}` }] },
        7,
      ],
      extra: 1,
    };
    expect(paths("bank", section)).toEqual([
      "bank.extra",
      "bank.balances[1].coins[1].denom",
      "bank.balances[1].coins[2].denom",
      "bank.balances[1].coins[3].amount",
      "bank.balances[1].address",
      "bank.balances[2].address",
      "bank.balances[2].coins",
      "bank.balances[3].note",
      "bank.balances[3].address",
      "bank.balances[5]",
      "bank.balances",
    ]);
  });
});

describe("staking", () => {
  test("a good entry has no error", () => {
    expect(reports("staking", { validators: [entry] })).toEqual([]);
  });

  const bad: readonly (readonly [field: keyof typeof entry, value: unknown])[] = [
    ["operator", "assay1x"],
    ["operator", encodeAddress("assay", moduleAddress("bonded_tokens_pool"))],
    ["moniker", "m".repeat(71)],
    ["identityKey", entry.voteKey],
    ["voteKey", `${entry.voteKey}=`],
    ["proofOfPossession", undefined],
    ["identitySignature", null],
    ["tokens", "999999"],
    ["tokens", "01"],
    ["commissionRate", "1.000000000000000001"],
    ["commissionRate", 0.1],
  ];
  test.each(bad)("reports a bad %s (%j)", (field, value) => {
    expect(paths("staking", { validators: [{ ...entry, [field]: value }] })).toEqual([
      `staking.validators[0].${field}`,
    ]);
  });

  test("commission limits and a least own stake may be named, and must fit", () => {
    const limits = { maxCommissionRate: "0.2", maxCommissionChangeRate: "0.01", minSelfDelegation: "1000000" };
    expect(reports("staking", { validators: [{ ...entry, ...limits }] })).toEqual([]);
    const bad = { maxCommissionRate: "0.05", maxCommissionChangeRate: "0.06", minSelfDelegation: "9".repeat(30) };
    expect(paths("staking", { validators: [{ ...entry, ...bad }] })).toEqual(
      ["commissionRate", "maxCommissionChangeRate", "minSelfDelegation"].map((name) => `staking.validators[0].${name}`),
    );
    const worse = { maxCommissionRate: 1, maxCommissionChangeRate: "2", minSelfDelegation: "0" };
    expect(paths("staking", { validators: [{ ...entry, ...worse }] })).toEqual(
      Object.keys(worse).map((name) => `staking.validators[0].${name}`),
    );
  });

  test("reports what stands twice, an empty list and too much stake", () => {
    expect(paths("staking", { validators: [entry, entry] })).toEqual(
      ["operator", "identityKey", "voteKey"].map((field) => `staking.validators[1].${field}`),
    );
    expect(paths("staking", {})).toEqual(["staking.validators"]);
    expect(paths("staking", { validators: [{ ...entry, tokens: `1${"0".repeat(24)}` }] })).toEqual([
      "staking.validators",
    ]);
  });

  const bob = genesisEntry(validatorKeys("bob"), 1_000_000n);
  test.each(["proofOfPossession", "identitySignature"] as const)("init refuses somebody else's %s", (field) => {
    const ctx = createContext(
      createNetwork().context().block,
      createOverlay({ get: () => undefined, iterate: () => [] }),
      BLS,
    );
    const section = { validators: [{ ...entry, [field]: bob[field] }] };
    expect(reports("staking", section)).toEqual([]);
    expect(() => stakingModule.genesis.init(ctx, section)).toThrow("staking.validators[0]");
    bankModule.genesis.init(ctx, { balances: [] });
  });
});

test("no JSON makes validation throw", () => {
  const value = fc.jsonValue({ maxDepth: 4 });
  const shaped = fc.record(
    {
      balances: fc.array(
        fc.record({ address: value, coins: fc.oneof(value, fc.array(fc.record({ denom: value, amount: value }))) }),
      ),
      validators: fc.array(
        fc.record({ operator: value, tokens: value, voteKey: value, commissionRate: value, moniker: value }),
      ),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.constantFrom(...MODULES.map(({ name }) => name)), fc.oneof(value, shaped), (name, section) => {
      expect(Array.isArray(reports(name, section))).toBe(true);
      expect(Array.isArray(reports(name, JSON.parse('{"__proto__":{"balances":1}}')))).toBe(true);
    }),
    { numRuns: 300 },
  );
});
