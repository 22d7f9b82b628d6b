import { toHex, utf8 } from "../../chain/bytes.ts";
import type { ChainSpec, Context, Module, Report } from "../../chain/module.ts";
import { genesisPossessionRoot } from "../../chain/types/possession.ts";
import { ensureAccount, moduleAccountAt } from "../auth/keeper.ts";
import { MAX_SUPPLY, mint } from "../bank/keeper.ts";
import { DECIMAL_ONE, parseDecimal } from "../decimal.ts";
import {
  failOnReport,
  readAddress,
  readAmount,
  readBytes,
  readList,
  readObject,
  readText,
} from "../genesis-section.ts";
import { delegate } from "./delegations.ts";
import { NOT_BONDED_POOL } from "./pools.ts";
import { possessionFault } from "./possession.ts";
import { BOND, DESCRIPTION_LIMITS, voteKeys } from "./store.ts";
import { POWER_REDUCTION, registerIdentity, saveValidator } from "./validators.ts";

/** The other half is for balances. */
export const MAX_GENESIS_STAKE = MAX_SUPPLY / 2n;

const FIELDS = [
  "operator",
  "moniker",
  "identityKey",
  "voteKey",
  "proofOfPossession",
  "identitySignature",
  "tokens",
  "commissionRate",
] as const;
/** What may be left out: without limits the commission can become anything, a day at a time. */
const OPTIONAL_FIELDS = ["maxCommissionRate", "maxCommissionChangeRate", "minSelfDelegation"] as const;

interface GenesisValidator {
  readonly operator: Uint8Array;
  readonly moniker: string;
  readonly identityKey: Uint8Array;
  readonly voteKey: Uint8Array;
  readonly proofOfPossession: Uint8Array;
  readonly identitySignature: Uint8Array;
  readonly tokens: bigint;
  readonly commissionRate: bigint;
  readonly maxCommissionRate: bigint;
  readonly maxCommissionChangeRate: bigint;
  readonly minSelfDelegation: bigint;
}

function readRate(value: unknown, path: string, report: Report): bigint | undefined {
  const rate = typeof value === "string" ? parseDecimal(value) : undefined;
  if (rate !== undefined && rate <= DECIMAL_ONE) return rate;
  report(path, 'must be a decimal from 0 to 1 as a text ("0.100000000000000000")');
  return undefined;
}

type Limits = Pick<GenesisValidator, "maxCommissionRate" | "maxCommissionChangeRate" | "minSelfDelegation">;

/** @param tokens that the validator stakes itself. */
function readLimits(
  fields: ReadonlyMap<string, unknown>,
  path: string,
  report: Report,
  { tokens, commissionRate }: Pick<GenesisValidator, "tokens" | "commissionRate">,
): Limits | undefined {
  const rate = (name: (typeof OPTIONAL_FIELDS)[number], otherwise: bigint) =>
    fields.has(name) ? readRate(fields.get(name), `${path}.${name}`, report) : otherwise;
  const maxCommissionRate = rate("maxCommissionRate", DECIMAL_ONE);
  const maxCommissionChangeRate = rate("maxCommissionChangeRate", maxCommissionRate ?? DECIMAL_ONE);
  const minSelfDelegation = fields.has("minSelfDelegation")
    ? readAmount(fields.get("minSelfDelegation"), `${path}.minSelfDelegation`, report)
    : 1n;
  if (maxCommissionRate === undefined || maxCommissionChangeRate === undefined || minSelfDelegation === undefined) {
    return undefined;
  }
  if (commissionRate > maxCommissionRate) report(`${path}.commissionRate`, "is above maxCommissionRate");
  if (maxCommissionChangeRate > maxCommissionRate) {
    report(`${path}.maxCommissionChangeRate`, "is above maxCommissionRate");
  }
  if (minSelfDelegation > tokens) report(`${path}.minSelfDelegation`, "is above tokens");
  return { maxCommissionRate, maxCommissionChangeRate, minSelfDelegation };
}

function readValidator(value: unknown, path: string, prefix: string, report: Report): GenesisValidator | undefined {
  const fields = readObject(value, path, report, [...FIELDS, ...OPTIONAL_FIELDS]);
  if (fields === undefined) return undefined;
  const bytes = (name: (typeof FIELDS)[number], length: number) =>
    readBytes(fields.get(name), `${path}.${name}`, report, length);
  const operator = readAddress(fields.get("operator"), `${path}.operator`, report, prefix);
  const moniker = readText(fields.get("moniker"), `${path}.moniker`, report, DESCRIPTION_LIMITS.moniker);
  const identityKey = bytes("identityKey", 32);
  const voteKey = bytes("voteKey", 48);
  const proofOfPossession = bytes("proofOfPossession", 96);
  const identitySignature = bytes("identitySignature", 64);
  const tokens = readAmount(fields.get("tokens"), `${path}.tokens`, report);
  const commissionRate = readRate(fields.get("commissionRate"), `${path}.commissionRate`, report);
  if (tokens !== undefined && tokens < POWER_REDUCTION) {
    report(`${path}.tokens`, `must be at least ${POWER_REDUCTION}, which is one unit of voting power`);
  }
  if (operator !== undefined && moduleAccountAt(operator) !== undefined) {
    report(`${path}.operator`, "is a module's account, which no key controls");
  }
  if (operator === undefined || moniker === undefined || identityKey === undefined || voteKey === undefined) {
    return undefined;
  }
  if (proofOfPossession === undefined || identitySignature === undefined) return undefined;
  if (tokens === undefined || commissionRate === undefined) return undefined;
  const limits = readLimits(fields, path, report, { tokens, commissionRate });
  if (limits === undefined) return undefined;
  return {
    operator,
    moniker,
    identityKey,
    voteKey,
    proofOfPossession,
    identitySignature,
    tokens,
    commissionRate,
    ...limits,
  };
}

function readSection(section: unknown, spec: Pick<ChainSpec, "prefix">, report: Report): readonly GenesisValidator[] {
  const fields = readObject(section, "staking", report, ["validators"]);
  if (fields === undefined) return [];
  const list = readList(fields.get("validators"), "staking.validators", report);
  if (list.length === 0) report("staking.validators", "is empty: a chain needs at least one validator");
  const found: GenesisValidator[] = [];
  const seen = new Set<string>();
  list.forEach((entry, i) => {
    const path = `staking.validators[${i}]`;
    const validator = readValidator(entry, path, spec.prefix, report);
    if (validator === undefined) return;
    for (const name of ["operator", "identityKey", "voteKey"] as const) {
      const key = `${name} ${toHex(validator[name])}`;
      if (seen.has(key)) report(`${path}.${name}`, "stands twice");
      seen.add(key);
    }
    found.push(validator);
  });
  const total = found.reduce((sum, { tokens }) => sum + tokens, 0n);
  if (total > MAX_GENESIS_STAKE) report("staking.validators", `the stake of ${total} is above ${MAX_GENESIS_STAKE}`);
  return found;
}

function create(ctx: Context, genesis: GenesisValidator): void {
  const { operator, identityKey, voteKey, tokens, commissionRate } = genesis;
  ensureAccount(ctx, operator);
  registerIdentity(ctx.store, identityKey, operator);
  voteKeys.set(ctx.store, voteKey, operator);
  const none = new Uint8Array(0);
  saveValidator(ctx.store, operator, {
    identityKey,
    voteKey,
    status: BOND.unbonded,
    jailed: false,
    tombstoned: false,
    tokens: 0n,
    shares: 0n,
    description: {
      moniker: utf8(genesis.moniker),
      identity: none,
      website: none,
      securityContact: none,
      details: none,
    },
    commission: {
      rate: commissionRate,
      maxRate: genesis.maxCommissionRate,
      maxChangeRate: genesis.maxCommissionChangeRate,
      updateTime: ctx.block.time,
    },
    minSelfDelegation: genesis.minSelfDelegation,
    unbondingHeight: 0,
    unbondingTime: 0,
  });
  mint(ctx, NOT_BONDED_POOL, [{ denom: ctx.block.spec.denom, amount: tokens }]);
  delegate(ctx, operator, operator, tokens, NOT_BONDED_POOL);
}

/**
 * `{validators: [...]}`. What a validator stakes is made in addition to its account's balance. `init` also verifies both
 * possession signatures; the end of the genesis block bonds the validators.
 * @throws Error with the path of a signature that is wrong.
 */
export const genesis: Module["genesis"] = {
  validate(section, spec, report) {
    readSection(section, spec, report);
  },
  init(ctx, section) {
    const root = genesisPossessionRoot(ctx.block.spec.chainId);
    readSection(section, ctx.block.spec, failOnReport).forEach((validator, i) => {
      const fault = possessionFault(ctx.bls, validator, validator, root);
      if (fault !== undefined) failOnReport(`staking.validators[${i}]`, fault);
      create(ctx, validator);
    });
  },
};
