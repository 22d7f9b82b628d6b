import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { decodeAddress } from "../chain/crypto/bech32.ts";
import { type Bls, createBls } from "../chain/crypto/bls.ts";
import { genesisPossessionRoot } from "../chain/types/possession.ts";
import { type GenesisDocument, parseGenesis } from "../genesis/document.ts";
import { type GenesisValidator, genesisValidator, type ValidatorSeed } from "../genesis/local-network.ts";
import { formatDecimal, parseDecimal } from "../modules/decimal.ts";
import { modules } from "../modules/registry.ts";
import { stakingModule } from "../modules/staking/module.ts";
import { possessionFault } from "../modules/staking/possession.ts";
import { UserError } from "./user-error.ts";

/** What a validator of a new network hands in: its entry of the genesis document, and for which network. */
export interface Gentx {
  readonly version: 1;
  readonly chainId: string;
  readonly prefix: string;
  readonly denom: string;
  readonly validator: GenesisValidator;
}

export interface GentxRequest extends ValidatorSeed {
  readonly chainId: string;
  readonly prefix: string;
  readonly denom: string;
  /** Decimal text; a tenth if not given. */
  readonly commission?: string | undefined;
}

/** @throws UserError */
export function makeGentx({ chainId, prefix, denom, commission, ...seed }: GentxRequest): Gentx {
  const validator = genesisValidator(chainId, prefix, seed);
  const rate = parseDecimal(commission ?? validator.commissionRate);
  if (rate === undefined) throw new UserError(`--commission "${commission}" is no decimal such as 0.1`);
  const gentx: Gentx = {
    version: 1,
    chainId,
    prefix,
    denom,
    validator: { ...validator, commissionRate: formatDecimal(rate) },
  };
  const fault = gentxFault(gentx, { chainId, prefix, denom }, createBls());
  if (fault !== undefined) throw new UserError(`gentx: ${fault}`);
  return gentx;
}

const FIELDS = ["version", "chainId", "prefix", "denom", "validator"];
const base64Bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "base64"));

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What is wrong with a parsed file, in one line; undefined for a Gentx that this network can take. */
export function gentxFault(
  json: unknown,
  network: Pick<GenesisDocument, "chainId" | "prefix" | "denom">,
  bls: Bls,
): string | undefined {
  if (!isRecord(json) || json.version !== 1) return "is no gentx: make it with assay gentx";
  const unknown = Object.keys(json).find((key) => !FIELDS.includes(key));
  if (unknown !== undefined) return `there is no field ${unknown.slice(0, 80)}`;
  for (const name of ["chainId", "prefix", "denom"] as const) {
    if (json[name] !== network[name]) {
      return `${name} is ${JSON.stringify(json[name])?.slice(0, 80)}, this network's is "${network[name]}"`;
    }
  }
  const faults: string[] = [];
  stakingModule.genesis.validate({ validators: [json.validator] }, network, (path, message) => {
    faults.push(`${path.replace("staking.validators[0]", "validator")} ${message}`);
  });
  const [first] = faults;
  if (first !== undefined) return first;
  const validator = json.validator as GenesisValidator;
  const operator = decodeAddress(network.prefix, validator.operator) ?? new Uint8Array(20);
  const keys = { identityKey: base64Bytes(validator.identityKey), voteKey: base64Bytes(validator.voteKey) };
  const proof = {
    proofOfPossession: base64Bytes(validator.proofOfPossession),
    identitySignature: base64Bytes(validator.identitySignature),
  };
  return possessionFault(bls, { operator, ...keys }, proof, genesisPossessionRoot(network.chainId));
}

const MAX_GENTX_BYTES = 16_384;
const MAX_GENTXS = 1024;

/** @throws UserError in one line. */
function readGentx(path: string, network: GenesisDocument, bls: Bls): Gentx {
  if (statSync(path).size > MAX_GENTX_BYTES) throw new UserError(`${path} has more than ${MAX_GENTX_BYTES} bytes`);
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new UserError(`${path} is not JSON: ${(error as Error).message}`, { cause: error });
  }
  const fault = gentxFault(json, network, bls);
  if (fault !== undefined) throw new UserError(`${path}: ${fault}`);
  return json as Gentx;
}

/** Key fields of which no two validators may have the same. */
const UNIQUE = ["operator", "identityKey", "voteKey"] as const;

/**
 * A genesis document with the validators of all files of a folder, by operator, whatever the files are called.
 * @param draft as it will be, but for validators; those it has stay.
 * @throws UserError for the first file that is wrong, or for what is wrong with the whole.
 */
export function collectGentxs(draft: GenesisDocument, folder: string): GenesisDocument {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .sort();
  if (names.length === 0) throw new UserError(`there is no gentx in ${folder}`);
  if (names.length > MAX_GENTXS) throw new UserError(`${names.length} files in ${folder}, at most ${MAX_GENTXS}`);
  const bls = createBls();
  const section = isRecord(draft.modules?.staking) ? draft.modules.staking : {};
  const validators: GenesisValidator[] = Array.isArray(section.validators) ? [...section.validators] : [];
  const added: GenesisValidator[] = [];
  const seen = new Map<string, string>();
  const note = (validator: GenesisValidator, from: string): void => {
    for (const name of UNIQUE) {
      const key = `${name} ${validator[name]}`;
      const other = seen.get(key);
      if (other !== undefined) throw new UserError(`${from}: ${name} ${validator[name]} is that of ${other}, too`);
      seen.set(key, from);
    }
  };
  for (const validator of validators) note(validator, "the draft");
  for (const name of names) {
    const { validator } = readGentx(join(folder, name), draft, bls);
    note(validator, name);
    added.push(validator);
  }
  added.sort((a, b) => (a.operator < b.operator ? -1 : 1));
  const document: GenesisDocument = {
    ...draft,
    modules: { ...draft.modules, staking: { ...section, validators: [...validators, ...added] } },
  };
  const result = parseGenesis(document, modules);
  if (result.ok) return document;
  throw new UserError(
    `the genesis document: ${result.errors.map(({ path, message }) => `${path} ${message}`).join("; ")}`,
  );
}
