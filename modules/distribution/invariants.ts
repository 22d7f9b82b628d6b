import { toHex } from "../../chain/bytes.ts";
import type { ChainSpec } from "../../chain/module.ts";
import type { StateReader } from "../../state/store.ts";
import { balance } from "../bank/keeper.ts";
import { delegationsOf, validatorByOperator } from "../staking/keeper.ts";
import { owed, readAccrued } from "./accrual.ts";
import { DISTRIBUTION } from "./community-pool.ts";
import { exactly, readExact } from "./exact.ts";
import { claims, communityPool, rewards } from "./store.ts";

/** Each returns what is violated. PERF: each reads everything of its kind; for tests, simulation and export. */
type Invariant = (reader: StateReader, spec: Pick<ChainSpec, "denom">) => readonly string[];

/** All that is owed, to validators, delegators and the community, is in the module account: no payment can ever fail. */
export const solvencyInvariant: Invariant = (reader, { denom }) => {
  const due = new Map<string, bigint>([[denom, 0n]]);
  for (const [of, exact] of communityPool.entries(reader)) due.set(of, readExact(exact));
  for (const [, record] of rewards.entries(reader))
    due.set(denom, (due.get(denom) ?? 0n) + readExact(record.outstanding));
  return [...due].flatMap(([of, exact]) => {
    const held = balance(reader, DISTRIBUTION, of);
    return exact <= exactly(held) ? [] : [`the distribution account holds ${held}${of} and owes more`];
  });
};

/** What a validator's record owes is, to the last 2^-256 of a base unit, what its delegators have earned, the carry and the commission. */
export const outstandingInvariant: Invariant = (reader) => {
  const accrued = new Map(rewards.entries(reader).map(([operator, record]) => [toHex(operator), readAccrued(record)]));
  const sums = new Map<string, bigint>();
  for (const { delegator, operator, shares } of delegationsOf(reader)) {
    const claim = claims.get(reader, [operator, delegator]);
    const id = toHex(operator);
    if (claim === undefined) continue;
    sums.set(id, (sums.get(id) ?? 0n) + owed({ cumulative: accrued.get(id)?.cumulative ?? 0n }, claim, shares));
  }
  const violations: string[] = [];
  for (const [id, { carry, commission, outstanding }] of accrued) {
    const sum = (sums.get(id) ?? 0n) + carry + commission;
    if (sum !== outstanding) violations.push(`${id}: owes ${outstanding}, and its parts add up to ${sum}`);
  }
  return violations;
};

/** One claim for each delegation, none else; records of validators that exist, none else. */
export const claimsInvariant: Invariant = (reader) => {
  const delegations = new Set(
    delegationsOf(reader).map(({ delegator, operator }) => toHex(operator) + toHex(delegator)),
  );
  const found = claims.entries(reader).map(([[operator, delegator]]) => toHex(operator) + toHex(delegator));
  const violations = found.filter((id) => !delegations.delete(id)).map((id) => `the claim ${id} is of no delegation`);
  for (const id of delegations) violations.push(`the delegation ${id} has no claim`);
  for (const [operator] of rewards.entries(reader)) {
    if (validatorByOperator(reader, operator) === undefined)
      violations.push(`${toHex(operator)} earns and is no validator`);
  }
  return violations;
};
