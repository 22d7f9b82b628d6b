import { expect, test } from "vitest";
import { consensusParams } from "../../chain/consensus-params.ts";
import { defineParams } from "../../chain/params.ts";
import { checkRules, parameterTable, parseParameters } from "../../genesis/parameters.ts";
import { PRESETS, type Preset, presetParams } from "../../genesis/presets.ts";
import { testModules } from "./modules.ts";

const modules = testModules();
const table = parameterTable(modules);

function check(overrides: Record<string, string>): string[] {
  const errors: string[] = [];
  parseParameters(overrides, table, (path, message) => errors.push(`${path}: ${message}`));
  return errors;
}

test("the table holds consensus and every module, in byte order", () => {
  expect(table.get("consensus.timeoutPropose")).toBe(consensusParams.rows.timeoutPropose);
  expect(table.has("staking.unbondingTime")).toBe(true);
  expect([...table.keys()]).toEqual([...table.keys()].sort());
});

test("every parameter survives being written out and read back", () => {
  const written = Object.fromEntries([...table].map(([name, row]) => [name, row.default.toString()]));
  const params = parseParameters(written, table, (path, message) => expect.fail(`${path}: ${message}`));
  expect([...params]).toEqual([...table].map(([name, row]) => [name, row.default]));
  expect(consensusParams.read(params).blockInterval).toBe(1000n);
});

test("two tables of one module, and a default out of range, are bugs of the module", () => {
  const [bank] = modules;
  if (bank === undefined) throw new Error("no module");
  expect(() => parameterTable([bank, bank])).toThrow("two parameter tables of one module");
  const row = { unit: "count", default: 5n, min: 6n, max: 7n, doc: "" } as const;
  expect(() => parameterTable([{ name: "x", params: defineParams("x", { y: row }) }])).toThrow("out of range");
});

test.each<[string, Record<string, string>, string]>([
  [
    "a proposal that can't be executed in time",
    { "consensus.timeoutPropose": "2499" },
    "params.consensus.timeoutPropose: must be at least 2 × (consensus.executionBudget + consensus.inferenceBudget) + consensus.networkMargin = 2500: raise it or lower the others (consensus.timeoutPropose = 2499, consensus.executionBudget = 500, consensus.inferenceBudget = 500, consensus.networkMargin = 500)",
  ],
  ["empty blocks before full ones", { "consensus.emptyBlockInterval": "999" }, "at least consensus.blockInterval"],
  ["a transaction that fits no block", { "consensus.maxBlockBytes": "65536" }, "at least consensus.maxTxBytes"],
  [
    "stake that leaves before its evidence expires",
    { "staking.unbondingTime": "172800000" },
    "params.staking.unbondingTime: must be more than consensus.evidenceMaxAgeTime = 172800000, or stake could leave before the evidence against it expires: raise it or lower the others (staking.unbondingTime = 172800000, consensus.evidenceMaxAgeTime = 172800000)",
  ],
])("refused: %s", (_, overrides, expected) => {
  const errors = check(overrides);
  expect(errors).toHaveLength(1);
  expect(errors[0]).toContain(expected);
});

test("a rule holds at its very bound", () => {
  expect(check({ "consensus.timeoutPropose": "2500", "consensus.emptyBlockInterval": "1000" })).toEqual([]);
  expect(check({ "staking.unbondingTime": "172800001" })).toEqual([]);
});

test("stake stays answerable until a challenge that was made at the last moment is over", () => {
  const errors = (unbondingTime: bigint): string[] => {
    const found: string[] = [];
    const params = new Map([
      ["staking.unbondingTime", unbondingTime],
      ["consensus.evidenceMaxAgeTime", 1000n],
      ["slashing.amnesiaWindow", 8n],
      ["consensus.emptyBlockInterval", 100n],
    ]);
    checkRules(params, (_, message) => found.push(message));
    return found;
  };
  expect(errors(1801n)).toEqual([]);
  expect(errors(1800n)).toEqual([expect.stringContaining("before a challenge that was made in time is over")]);
});

test("a rule about parameters that a network does not have does not apply", () => {
  const errors: string[] = [];
  checkRules(new Map([["staking.unbondingTime", 0n]]), (path) => errors.push(path));
  expect(errors).toEqual([]);
});

test.each(Object.keys(PRESETS) as Preset[])("preset %s keeps the rules", (preset) => {
  expect(check(presetParams(preset, modules))).toEqual([]);
});

test("a preset leaves out modules that are not there, and overrides win", () => {
  const params = presetParams("local", modules, { "consensus.blockInterval": 0n });
  expect(params["consensus.blockInterval"]).toBe("0");
  expect(Object.keys(params).filter((name) => name.startsWith("inference."))).toEqual([]);
  expect(params["staking.unbondingTime"]).toBe("60000");
});
