import { consensusParams } from "../chain/consensus-params.ts";
import type { Module, Report } from "../chain/module.ts";
import { type ParamRow, type Params, type ParamTable, parameterRows } from "../chain/params.ts";
import { didYouMean } from "./nearest.ts";

/** Every parameter of a network by full name, in byte order. */
export type ParameterTable = ReadonlyMap<string, ParamRow>;

/** The part of a module that the table is made from. */
export type ParameterModule = Pick<Module, "name" | "params">;

const DECIMAL = /^(0|[1-9][0-9]{0,19})$/;

/**
 * The one parameter table: consensus and every module.
 * @throws Error when two tables claim one module name, or a name or default does not fit: a bug of the module.
 */
export function parameterTable(modules: readonly ParameterModule[]): ParameterTable {
  const tables: ParamTable[] = [consensusParams, ...modules.map((module) => module.params)];
  if (new Set(tables.map((table) => table.module)).size !== tables.length) {
    throw new Error(`two parameter tables of one module: ${tables.map((table) => table.module).join(", ")}`);
  }
  const rows = parameterRows(tables);
  for (const [name, row] of rows) {
    if (name.length > 64) throw new Error(`parameter ${name} has a name of more than 64 bytes`);
    if (row.default < row.min || row.default > row.max)
      throw new Error(`the default of parameter ${name} is out of range`);
  }
  return rows;
}

function parseValue(name: string, row: ParamRow, value: unknown, report: Report): bigint | undefined {
  const path = `params.${name}`;
  if (typeof value !== "string" || !DECIMAL.test(value)) {
    report(path, `must be a decimal string such as "${row.default}", not ${JSON.stringify(value)?.slice(0, 80)}`);
    return undefined;
  }
  const parsed = BigInt(value);
  if (parsed < row.min || parsed > row.max) {
    report(path, `${value} ${row.unit} is out of range: ${row.min} to ${row.max}`);
    return undefined;
  }
  return parsed;
}

/**
 * All parameters: the defaults with a document's overrides. Reports every unknown name, bad value and broken rule.
 * @param overrides the document's `params`: decimal strings by full name.
 */
export function parseParameters(overrides: unknown, table: ParameterTable, report: Report): Params {
  const params = new Map<string, bigint>([...table].map(([name, row]) => [name, row.default]));
  if (typeof overrides !== "object" || overrides === null || Array.isArray(overrides)) {
    report("params", "must be an object of overrides; an empty one takes the defaults");
    return params;
  }
  for (const [name, value] of Object.entries(overrides)) {
    const row = table.get(name);
    if (row === undefined) {
      report(`params.${name}`, `there is no such parameter${didYouMean(name, table.keys())}`);
      continue;
    }
    const parsed = parseValue(name, row, value, report);
    if (parsed !== undefined) params.set(name, parsed);
  }
  checkRules(params, report);
  return params;
}

/** A rule over several parameters, each a full name. A rule whose parameters a network does not have does not apply. */
interface Rule {
  readonly names: readonly string[];
  holds(...values: readonly bigint[]): boolean;
  readonly text: string;
}

const RULES: readonly Rule[] = [
  {
    names: ["consensus.timeoutPropose", "consensus.executionBudget", "consensus.networkMargin"],
    holds: (propose = 0n, execution = 0n, margin = 0n) => propose >= 2n * execution + margin,
    // The proposer executes once before it sends and every validator once before it votes.
    text: "must be at least 2 × consensus.executionBudget + consensus.networkMargin",
  },
  {
    names: ["consensus.emptyBlockInterval", "consensus.blockInterval"],
    holds: (empty = 0n, interval = 0n) => empty >= interval,
    text: "must be at least consensus.blockInterval",
  },
  {
    names: ["consensus.maxBlockBytes", "consensus.maxTxBytes"],
    holds: (block = 0n, tx = 0n) => block >= tx,
    text: "must be at least consensus.maxTxBytes",
  },
  {
    // Otherwise stake could leave before the evidence against it expires.
    names: ["staking.unbondingTime", "consensus.evidenceMaxAgeTime"],
    holds: (unbonding = 0n, age = 0n) => unbonding >= age,
    text: "must be at least consensus.evidenceMaxAgeTime",
  },
  {
    // Otherwise stake could leave while an answer can still be appealed.
    names: ["staking.unbondingTime", "inference.appealWindow", "consensus.blockInterval"],
    holds: (unbonding = 0n, appeal = 0n, interval = 0n) => unbonding >= appeal * interval,
    text: "must be at least inference.appealWindow × consensus.blockInterval",
  },
];

/** Reports each rule over several parameters that is broken, at the rule's first parameter. */
export function checkRules(params: Params, report: Report): void {
  for (const rule of RULES) {
    const values: bigint[] = [];
    for (const name of rule.names) {
      const value = params.get(name);
      if (value !== undefined) values.push(value);
    }
    if (values.length === rule.names.length && !rule.holds(...values)) {
      const shown = rule.names.map((name, i) => `${name} = ${values[i]}`).join(", ");
      report(`params.${rule.names[0]}`, `${rule.text} (${shown})`);
    }
  }
}
