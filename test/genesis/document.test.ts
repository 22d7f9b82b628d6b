import { expect, test } from "vitest";
import { type GenesisDocument, parseGenesis, parseGenesisTime } from "../../genesis/document.ts";
import { genesisRoot } from "../../genesis/root.ts";
import { testModules } from "./modules.ts";

const modules = testModules();

const valid: GenesisDocument = {
  version: 1,
  chainId: "assaylocalabcdef-1",
  genesisTime: "2026-01-31T12:00:00.5Z",
  prefix: "assay",
  denom: "uassay",
  params: { "staking.maxValidators": "7" },
  modules: { bank: {}, staking: {} },
};

/** What is wrong with the valid document after these changes; `undefined` takes a field away. */
function errorsOf(changes: Record<string, unknown>): string[] {
  const document = Object.fromEntries(
    Object.entries({ ...valid, ...changes }).filter(([, value]) => value !== undefined),
  );
  const result = parseGenesis(document, modules);
  return result.ok ? [] : result.errors.map(({ path, message }) => `${path}: ${message}`);
}

test("a valid document becomes a chain spec, a time, all parameters and the sections", () => {
  const result = parseGenesis(valid, modules);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  const { genesis } = result;
  expect(genesis.spec).toEqual({
    chainId: "assaylocalabcdef-1",
    prefix: "assay",
    denom: "uassay",
    genesisRoot: genesisRoot(valid),
  });
  expect(genesis.time).toBe(Date.UTC(2026, 0, 31, 12, 0, 0, 500));
  expect(genesis.params.get("staking.maxValidators")).toBe(7n);
  expect(genesis.params.get("consensus.blockInterval")).toBe(1000n);
  expect([...genesis.params.keys()]).toEqual([...genesis.params.keys()].sort());
  expect([...genesis.sections.keys()]).toEqual(["bank", "staking"]);
});

test.each<[string, Record<string, unknown>, string]>([
  ["an unknown field", { chanId: "x" }, 'chanId: there is no such field (did you mean "chainId"?)'],
  ["a missing field", { denom: undefined }, "denom: is missing"],
  ["another version", { version: 2 }, "version: must be 1"],
  ["a version as text", { version: "1" }, "version: must be 1"],
  ["a chain id with a space", { chainId: "my chain" }, "chainId: must be 1 to 50"],
  ["a chain id of 51 letters", { chainId: "a".repeat(51) }, "chainId: must be 1 to 50"],
  ["a prefix in upper case", { prefix: "ASSAY" }, "prefix: must be 1 to 16 lower-case letters"],
  ["a prefix that is a number", { prefix: 5 }, "prefix: must be"],
  ["a denom of two letters", { denom: "ua" }, "denom: must be 3 to 32"],
  ["a time with an offset", { genesisTime: "2026-01-31T12:00:00+01:00" }, "genesisTime: must be a time in UTC"],
  ["the 30th of February", { genesisTime: "2026-02-30T12:00:00Z" }, "genesisTime: must be a time in UTC"],
  ["a time as a number", { genesisTime: 5 }, "genesisTime: must be a time in UTC"],
  ["params as a list", { params: [] }, "params: must be an object"],
  ["params as null", { params: null }, "params: must be an object"],
  [
    "an unknown parameter",
    { params: { "staking.maxValidator": "5" } },
    'params.staking.maxValidator: there is no such parameter (did you mean "staking.maxValidators"?)',
  ],
  ["a parameter as a number", { params: { "staking.maxValidators": 5 } }, "must be a decimal string"],
  ["a negative parameter", { params: { "staking.maxValidators": "-5" } }, "must be a decimal string"],
  ["a parameter with a leading zero", { params: { "staking.maxValidators": "05" } }, "must be a decimal string"],
  ["a parameter of 40 digits", { params: { "staking.maxValidators": "9".repeat(40) } }, "must be a decimal string"],
  [
    "a parameter out of range",
    { params: { "staking.maxValidators": "1025" } },
    "1025 count is out of range: 1 to 1024",
  ],
  [
    "an unknown module",
    { modules: { bank: {}, staking: {}, bnak: {} } },
    'modules.bnak: there is no such field (did you mean "bank"?)',
  ],
  ["a missing module", { modules: { bank: {} } }, "modules.staking: is missing"],
  ["modules as a list", { modules: [] }, "modules: must be an object"],
  [
    "what a module reports",
    { modules: { bank: { balances: ["", "bad"] }, staking: {} } },
    "modules.bank.balances[1]: is no balance of uassay",
  ],
  ["a module's full path", { modules: { bank: {}, staking: null } }, "modules.staking: is null"],
  ["a fraction in a section", { modules: { bank: { x: 0.5 }, staking: {} } }, "the number 0.5 at modules.bank.x"],
])("refused: %s", (_, changes, expected) => {
  const errors = errorsOf(changes);
  expect(errors).toHaveLength(1);
  expect(errors[0]).toContain(expected);
});

test("the test of the tests: the unchanged document has no error", () => {
  expect(errorsOf({})).toEqual([]);
});

test("all errors are listed at once", () => {
  const errors = errorsOf({
    version: 0,
    chainId: "",
    params: { a: "1", b: "2" },
    modules: { bank: { balances: ["bad", "bad"] } },
  });
  expect(errors.map((error) => error.split(":")[0])).toEqual([
    "version",
    "chainId",
    "params.a",
    "params.b",
    "modules.staking",
    "modules.bank.balances[0]",
    "modules.bank.balances[1]",
  ]);
});

test.each<[unknown]>([[null], [undefined], [[]], ["{}"], [5]])("%j is no document", (json) => {
  const result = parseGenesis(json, modules);
  expect(result).toEqual({ ok: false, errors: [{ path: "", message: "a genesis document is a JSON object" }] });
});

test("keys that every object inherits are unknown fields like others", () => {
  const json: unknown = JSON.parse(`${JSON.stringify(valid).slice(0, -1)},"__proto__":{},"constructor":1}`);
  const result = parseGenesis(json, modules);
  expect(result.ok ? [] : result.errors.map((error) => error.path)).toEqual(["__proto__", "constructor"]);
});

test("the list of errors is bounded", () => {
  const params = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`p${i}`, "1"]));
  expect(errorsOf({ params })).toHaveLength(200);
});

test.each<[string, number | undefined]>([
  ["2026-01-01T00:00:00Z", Date.UTC(2026, 0, 1)],
  ["2026-01-01T00:00:00.25Z", Date.UTC(2026, 0, 1, 0, 0, 0, 250)],
  ["2024-02-29T23:59:59.999Z", Date.UTC(2024, 1, 29, 23, 59, 59, 999)],
  ["2026-01-01T24:00:00Z", undefined],
  ["2026-01-01T00:00:00.1234Z", undefined],
  ["1960-01-01T00:00:00Z", undefined],
  ["yesterday", undefined],
])("the time %s", (text, time) => {
  expect(parseGenesisTime(text)).toBe(time);
});
