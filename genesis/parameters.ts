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

/**
 * A least value of one parameter, the first named, that others give; each by its full name. A rule whose parameters a network does not have
 * does not apply.
 */
interface Rule {
  readonly names: readonly string[];
  /** From the values of the others, in the order of their names. */
  least(...others: readonly bigint[]): bigint;
  /** The same in words. */
  readonly text: string;
  /** The first must be more than the least. */
  readonly strictly?: true;
  /** What is wrong otherwise, where it does not go without saying. */
  readonly because?: string;
}

const RULES: readonly Rule[] = [
  {
    names: [
      "consensus.timeoutPropose",
      "consensus.executionBudget",
      "consensus.inferenceBudget",
      "consensus.networkMargin",
    ],
    // The proposer executes once before it sends and every validator once before it votes.
    least: (execution = 0n, inference = 0n, margin = 0n) => 2n * (execution + inference) + margin,
    text: "2 × (consensus.executionBudget + consensus.inferenceBudget) + consensus.networkMargin",
  },
  {
    names: ["consensus.emptyBlockInterval", "consensus.blockInterval"],
    least: (interval = 0n) => interval,
    text: "consensus.blockInterval",
  },
  {
    names: ["consensus.maxBlockBytes", "consensus.maxTxBytes"],
    least: (tx = 0n) => tx,
    text: "consensus.maxTxBytes",
  },
  {
    names: ["gov.votingPeriod", "gov.expeditedVotingPeriod"],
    least: (expedited = 0n) => expedited,
    strictly: true,
    text: "gov.expeditedVotingPeriod",
  },
  {
    names: ["gov.votingPeriod", "consensus.blockInterval"],
    least: (interval = 0n) => 10n * interval,
    text: "10 × consensus.blockInterval",
    because: "no vote would get into a block in time",
  },
  {
    names: ["gov.expeditedMinDeposit", "gov.minDeposit"],
    least: (normal = 0n) => normal,
    strictly: true,
    text: "gov.minDeposit",
  },
  {
    names: ["gov.expeditedThreshold", "gov.threshold"],
    least: (normal = 0n) => normal,
    strictly: true,
    text: "gov.threshold",
  },
  {
    names: ["staking.unbondingTime", "consensus.evidenceMaxAgeTime"],
    least: (age = 0n) => age,
    strictly: true,
    text: "consensus.evidenceMaxAgeTime",
    because: "stake could leave before the evidence against it expires",
  },
  {
    names: [
      "staking.unbondingTime",
      "consensus.evidenceMaxAgeTime",
      "slashing.amnesiaWindow",
      "consensus.emptyBlockInterval",
    ],
    least: (age = 0n, window = 0n, interval = 0n) => age + window * interval,
    strictly: true,
    text: "consensus.evidenceMaxAgeTime + slashing.amnesiaWindow × consensus.emptyBlockInterval",
    because: "stake could leave before a challenge that was made in time is over",
  },
  {
    names: ["staking.unbondingTime", "slashing.correlationWindow", "consensus.emptyBlockInterval"],
    least: (window = 0n, interval = 0n) => window * interval,
    strictly: true,
    text: "slashing.correlationWindow × consensus.emptyBlockInterval",
    because: "stake could leave before it pays for faults that came together",
  },
  {
    names: ["mint.inflationMax", "mint.inflationMin"],
    least: (inflation = 0n) => inflation,
    text: "mint.inflationMin",
  },
  {
    names: [
      "staking.unbondingTime",
      "inference.commitWindow",
      "inference.admissionWindow",
      "inference.revealWindow",
      "inference.appealWindow",
      "consensus.emptyBlockInterval",
    ],
    // A request's deadline only cuts these windows short.
    least: (commit = 0n, admission = 0n, reveal = 0n, appeal = 0n, interval = 0n) =>
      ((commit > admission ? commit : admission) + reveal + appeal) * interval,
    strictly: true,
    text:
      "(the greater of inference.commitWindow and inference.admissionWindow + inference.revealWindow + inference.appealWindow) × " +
      "consensus.emptyBlockInterval",
    because: "stake could leave before the penalty for a wrong output is executed",
  },
];

function ruleText({ names, text, strictly, because }: Rule, values: readonly bigint[], least: bigint): string {
  const shown = names.map((name, i) => `${name} = ${values[i]}`).join(", ");
  const reason = because === undefined ? "" : `, or ${because}`;
  return `must be ${strictly ? "more than" : "at least"} ${text} = ${least}${reason}: raise it or lower the others (${shown})`;
}

/** Reports each rule over several parameters that is broken, at the rule's first parameter. */
export function checkRules(params: Params, report: Report): void {
  for (const rule of RULES) {
    const values: bigint[] = [];
    for (const name of rule.names) {
      const value = params.get(name);
      if (value !== undefined) values.push(value);
    }
    const [value, ...others] = values;
    if (value === undefined || values.length < rule.names.length) continue;
    const least = rule.least(...others);
    const kept = rule.strictly ? value > least : value >= least;
    if (!kept) report(`params.${rule.names[0]}`, ruleText(rule, values, least));
  }
}
