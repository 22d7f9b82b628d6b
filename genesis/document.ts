import type { RecordedStart } from "../chain/executor/genesis.ts";
import type { ChainSpec, Module, Report } from "../chain/module.ts";
import type { Params } from "../chain/params.ts";
import { checkRecorded, isRecorded } from "../chain/recorded-state.ts";
import { didYouMean } from "./nearest.ts";
import { parameterTable, parseParameters } from "./parameters.ts";
import { type RecordedChain, readRecordedChain } from "./recorded-chain.ts";
import { genesisRoot } from "./root.ts";

/** The genesis document as it stands in `genesis.json`. What each module's section holds, the module itself says. */
export interface GenesisDocument {
  readonly version: 1;
  readonly chainId: string;
  /** RFC 3339 in UTC with at most milliseconds: `2026-01-31T12:00:00Z`. */
  readonly genesisTime: string;
  /** Base bech32 prefix. */
  readonly prefix: string;
  /** Base denomination of fees and stake. */
  readonly denom: string;
  /** Decimal strings by full name; only what differs from the defaults. */
  readonly params: Readonly<Record<string, string>>;
  readonly modules: Readonly<Record<string, unknown>>;
  /** Only in a document that an export wrote; sections may then be recorded ones (chain/recorded-state.ts). */
  readonly recorded?: RecordedChain;
}

/** A validated document and what the node makes of it. */
export interface Genesis {
  readonly document: GenesisDocument;
  readonly spec: ChainSpec;
  /** Milliseconds since the Unix epoch. */
  readonly time: number;
  /** Every parameter of the table. */
  readonly params: Params;
  /** Each module's section, by its name. */
  readonly sections: ReadonlyMap<string, unknown>;
  readonly recorded?: RecordedStart;
}

/** `path` is like `modules.staking.validators[2].tokens`. */
export interface GenesisError {
  readonly path: string;
  readonly message: string;
}

export type GenesisResult =
  | { readonly ok: true; readonly genesis: Genesis }
  | { readonly ok: false; readonly errors: readonly GenesisError[] };

/** The part of a module that a document is checked with. */
export type GenesisModule = Pick<Module, "name" | "params"> & {
  readonly genesis: Pick<Module["genesis"], "validate">;
  readonly stored?: Module["stored"];
};

const FIELDS = ["version", "chainId", "genesisTime", "prefix", "denom", "params", "modules"] as const;
/** A document with more mistakes than this is something else altogether. */
const MAX_ERRORS = 200;

const TEXT_FIELDS = {
  chainId: {
    pattern: /^[a-zA-Z][a-zA-Z0-9_.-]{0,49}$/,
    rule: "1 to 50 letters, digits, '_', '.', '-', a letter first",
  },
  prefix: { pattern: /^[a-z]{1,16}$/, rule: "1 to 16 lower-case letters" },
  denom: { pattern: /^[a-z][a-z0-9]{2,31}$/, rule: "3 to 32 lower-case letters and digits, a letter first" },
} as const;

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z$/;

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Milliseconds, or undefined for a text that is no time; a date that does not exist (30 February) is none. */
export function parseGenesisTime(text: unknown): number | undefined {
  if (typeof text !== "string" || !TIME.test(text)) return undefined;
  const time = Date.parse(text);
  if (!Number.isSafeInteger(time) || time <= 0) return undefined;
  return new Date(time).toISOString().slice(0, 19) === text.slice(0, 19) ? time : undefined;
}

function checkKeys(
  value: Readonly<Record<string, unknown>>,
  known: readonly string[],
  at: string,
  report: Report,
  optional: readonly string[] = [],
): void {
  for (const key of Object.keys(value)) {
    if (!known.includes(key) && !optional.includes(key))
      report(`${at}${key}`, `there is no such field${didYouMean(key, known)}`);
  }
  for (const key of known) {
    if (!Object.hasOwn(value, key)) report(`${at}${key}`, "is missing");
  }
}

function checkFields(json: Readonly<Record<string, unknown>>, report: Report): void {
  checkKeys(json, FIELDS, "", report, ["recorded"]);
  if ("version" in json && json.version !== 1) report("version", "must be 1, the only version there is");
  for (const [name, { pattern, rule }] of Object.entries(TEXT_FIELDS)) {
    const value = json[name];
    if (value !== undefined && (typeof value !== "string" || !pattern.test(value))) report(name, `must be ${rule}`);
  }
  if ("genesisTime" in json && parseGenesisTime(json.genesisTime) === undefined) {
    report("genesisTime", 'must be a time in UTC such as "2026-01-31T12:00:00Z", with at most milliseconds');
  }
}

/** Modules name their paths with or without their own name in front. */
function sectionPath(module: string, path: string): string {
  if (path === module || path.startsWith(`${module}.`) || path.startsWith(`${module}[`)) return `modules.${path}`;
  return `modules.${module}${path === "" || path.startsWith("[") ? "" : "."}${path}`;
}

function checkSections(
  json: Readonly<Record<string, unknown>>,
  modules: readonly GenesisModule[],
  report: Report,
): void {
  const sections = json.modules;
  if (sections === undefined) return; // Reported as missing.
  if (!isRecord(sections)) {
    report("modules", "must be an object with a section for each module");
    return;
  }
  const { prefix, denom } = json;
  const names = modules.map((module) => module.name);
  checkKeys(sections, names, "modules.", report);
  if (typeof prefix !== "string" || typeof denom !== "string") return; // Reported; sections can't be read without them.
  for (const module of modules) {
    if (!Object.hasOwn(sections, module.name)) continue;
    const section = sections[module.name];
    const reportAt: Report = (path, message) => report(sectionPath(module.name, path), message);
    if (json.recorded !== undefined && isRecorded(section)) checkRecorded(section, module.stored ?? {}, reportAt);
    else module.genesis.validate(section, { prefix, denom }, reportAt);
  }
}

/**
 * Checks a genesis document against everything its network has.
 * @param json the parsed file, untrusted.
 * @returns the genesis, or all that is wrong with the document (at most 200 errors), in the document's order.
 */
export function parseGenesis(json: unknown, modules: readonly GenesisModule[]): GenesisResult {
  const errors: GenesisError[] = [];
  const report: Report = (path, message) => {
    if (errors.length < MAX_ERRORS) errors.push({ path, message });
  };
  if (!isRecord(json)) return { ok: false, errors: [{ path: "", message: "a genesis document is a JSON object" }] };
  checkFields(json, report);
  const params = parseParameters(json.params === undefined ? {} : json.params, parameterTable(modules), report);
  checkSections(json, modules, report);
  const recorded = json.recorded === undefined ? undefined : readRecordedChain(json.recorded, report);
  if (errors.length > 0) return { ok: false, errors };

  const document = json as unknown as GenesisDocument;
  let root: Uint8Array;
  try {
    root = genesisRoot(document);
  } catch (error) {
    return { ok: false, errors: [{ path: "", message: (error as Error).message }] };
  }
  const { chainId, prefix, denom } = document;
  return {
    ok: true,
    genesis: {
      document,
      spec: { chainId, prefix, denom, genesisRoot: root },
      time: parseGenesisTime(document.genesisTime) as number,
      params,
      sections: new Map(modules.map((module) => [module.name, document.modules[module.name]])),
      ...(recorded === undefined ? {} : { recorded }),
    },
  };
}
