import { equalBytes, toHex } from "../../chain/bytes.ts";
import type { ChainSpec } from "../../chain/module.ts";
import type { StateReader } from "../../state/store.ts";
import { balance } from "../bank/keeper.ts";
import { totalBonded } from "./keeper.ts";
import { BONDED_POOL, NOT_BONDED_POOL } from "./pools.ts";
import {
  BOND,
  candidates,
  delegations,
  delegators,
  redelegationQueue,
  redelegations,
  redelegationsByDestination,
  redelegationsByHeight,
  unbondingDelegators,
  unbondings,
  unbondingsByHeight,
  validators,
} from "./store.ts";
import { candidatePower } from "./validators.ts";

/** Each returns what is violated. PERF: each reads everything of its kind; for tests, simulation and export. */
type Invariant = (reader: StateReader, spec: Pick<ChainSpec, "denom">) => readonly string[];

/** The pools hold exactly the bonded tokens, and the other validators' tokens with all that unbonds. */
export const poolsInvariant: Invariant = (reader, { denom }) => {
  let bonded = 0n;
  let notBonded = 0n;
  for (const [, validator] of validators.entries(reader)) {
    if (validator.status === BOND.bonded) bonded += validator.tokens;
    else notBonded += validator.tokens;
  }
  for (const [, entries] of unbondings.entries(reader)) for (const entry of entries) notBonded += entry.balance;
  const found = [
    ["bonded pool", balance(reader, BONDED_POOL, denom), bonded],
    ["not-bonded pool", balance(reader, NOT_BONDED_POOL, denom), notBonded],
    ["total bonded", totalBonded(reader), bonded],
  ] as const;
  return found
    .filter(([, actual, expected]) => actual !== expected)
    .map(([name, actual, expected]) => `${name}: ${actual}, expected ${expected}`);
};

/** Every validator's shares are those of its delegators, none of them zero, and the indexes agree. */
export const sharesInvariant: Invariant = (reader) => {
  const violations: string[] = [];
  const sums = new Map<string, bigint>();
  for (const [[delegator, operator], shares] of delegations.entries(reader)) {
    if (shares === 0n) violations.push(`${toHex(delegator)} delegates nothing to ${toHex(operator)}`);
    if (!delegators.has(reader, [operator, delegator])) violations.push(`${toHex(delegator)} is missing in an index`);
    sums.set(toHex(operator), (sums.get(toHex(operator)) ?? 0n) + shares);
  }
  for (const [operator, validator] of validators.entries(reader)) {
    const sum = sums.get(toHex(operator)) ?? 0n;
    sums.delete(toHex(operator));
    if (sum !== validator.shares) violations.push(`${toHex(operator)}: ${validator.shares} shares, delegated ${sum}`);
    if (validator.shares === 0n && validator.tokens > 0n) violations.push(`${toHex(operator)}: tokens of nobody`);
  }
  for (const operator of sums.keys()) violations.push(`${operator} is delegated to and is no validator`);
  const counts = [delegations.entries(reader).length, delegators.entries(reader).length];
  if (counts[0] !== counts[1]) violations.push(`${counts[0]} delegations, ${counts[1]} indexed`);
  const unbonding = [unbondings.entries(reader).length, unbondingDelegators.entries(reader).length];
  if (unbonding[0] !== unbonding[1]) violations.push(`${unbonding[0]} unbondings, ${unbonding[1]} indexed`);
  let entries = 0;
  for (const [[delegator, operator], unbonding] of unbondings.entries(reader)) {
    entries += unbonding.length;
    for (const { creationHeight } of unbonding) {
      if (unbondingsByHeight.has(reader, [operator, [creationHeight, delegator]])) continue;
      violations.push(`an unbonding of ${toHex(delegator)} at height ${creationHeight} is missing in an index`);
    }
  }
  const byHeight = unbondingsByHeight.entries(reader).length;
  if (entries !== byHeight) violations.push(`${entries} unbonding entries, ${byHeight} indexed by height`);
  return violations;
};

/** Moved stake is in each index once, and in none twice; no entry answers for more than it began with. */
export const redelegationsInvariant: Invariant = (reader) => {
  const violations: string[] = [];
  const all = redelegations.entries(reader);
  let heights = 0;
  for (const [[delegator, [source, destination]], entries] of all) {
    const name = `the redelegation of ${toHex(delegator)} from ${toHex(source)} to ${toHex(destination)}`;
    if (entries.length === 0) violations.push(`${name} is empty`);
    if (!redelegationsByDestination.has(reader, [delegator, [destination, source]])) {
      violations.push(`${name} is missing by destination`);
    }
    const created = new Set(entries.map(({ creationHeight }) => creationHeight));
    heights += created.size;
    for (const height of created) {
      if (!redelegationsByHeight.has(reader, [source, [height, [delegator, destination]]])) {
        violations.push(`${name} is missing at height ${height}`);
      }
    }
    for (const { balance: left, initialBalance, completionTime } of entries) {
      if (left > initialBalance) violations.push(`${name} answers for ${left} of ${initialBalance}`);
      if (!redelegationQueue.has(reader, [completionTime, [delegator, [source, destination]]])) {
        violations.push(`${name} never ends`);
      }
    }
  }
  const arriving = redelegationsByDestination.entries(reader).length;
  if (arriving !== all.length) violations.push(`${all.length} redelegations, ${arriving} by destination`);
  const byHeight = redelegationsByHeight.entries(reader).length;
  if (byHeight !== heights) violations.push(`${heights} heights of redelegations, ${byHeight} indexed`);
  return violations;
};

/** The candidates are exactly the validators that may be bonded, with their keys and power. */
export const candidatesInvariant: Invariant = (reader) => {
  const violations: string[] = [];
  const indexed = new Map(
    candidates.entries(reader).map(([[power, operator], keys]) => [toHex(operator), { power, ...keys }]),
  );
  if (indexed.size !== candidates.entries(reader).length) violations.push("a validator is a candidate twice");
  for (const [operator, validator] of validators.entries(reader)) {
    const entry = indexed.get(toHex(operator));
    indexed.delete(toHex(operator));
    if (entry?.power !== candidatePower(validator)) {
      violations.push(`${toHex(operator)}: candidate with ${entry?.power}, expected ${candidatePower(validator)}`);
    } else if (entry !== undefined && !equalBytes(entry.voteKey, validator.voteKey)) {
      violations.push(`${toHex(operator)}: candidate with another vote key`);
    }
  }
  for (const operator of indexed.keys()) violations.push(`${operator} is a candidate and no validator`);
  return violations;
};
