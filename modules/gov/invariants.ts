import { toHex } from "../../chain/bytes.ts";
import type { ChainSpec } from "../../chain/module.ts";
import { heightKey } from "../../state/collections.ts";
import type { StateReader } from "../../state/store.ts";
import { balance } from "../bank/keeper.ts";
import { delegatedShares, delegationsOf } from "../staking/keeper.ts";
import { type Cast, CHOICES, castOf, NOTHING, plus, weigh } from "./cast.ts";
import { DEPOSITS } from "./deposits.ts";
import {
  casts,
  closed,
  depositQueue,
  deposits,
  nextProposal,
  proposals,
  STATUS,
  votedOn,
  votes,
  voting,
  votingQueue,
} from "./store.ts";

/** Deposits belong to proposals that are open, add up to what those say, and are what their account holds. Returns what is violated. */
export function depositsInvariant(reader: StateReader, { denom }: Pick<ChainSpec, "denom">): readonly string[] {
  const violations: string[] = [];
  const sums = new Map<number, { amount: bigint; count: number }>();
  let total = 0n;
  for (const [[id], amount] of deposits.entries(reader)) {
    const sum = sums.get(id) ?? { amount: 0n, count: 0 };
    sums.set(id, { amount: sum.amount + amount, count: sum.count + 1 });
    total += amount;
    if (amount === 0n) violations.push(`proposal ${id} has an empty deposit`);
  }
  for (const [id, { status, totalDeposit, depositors }] of proposals.entries(reader)) {
    const { amount, count } = sums.get(id) ?? { amount: 0n, count: 0 };
    sums.delete(id);
    const open = status === STATUS.deposit || status === STATUS.voting;
    if (!open && amount > 0n) violations.push(`proposal ${id} has ended and holds deposits of ${amount}`);
    if (open && amount !== totalDeposit) violations.push(`proposal ${id}: deposits of ${amount}, not ${totalDeposit}`);
    if (count !== depositors) violations.push(`proposal ${id}: ${count} deposits, not ${depositors}`);
  }
  for (const id of sums.keys()) violations.push(`there are deposits of proposal ${id}, which does not exist`);
  const held = balance(reader, DEPOSITS, denom);
  if (held !== total) violations.push(`${held}${denom} are held for deposits of ${total}${denom}`);
  return violations;
}

/** Each open proposal is in the one queue of its status, under its time; no other is in any. Returns what is violated. */
export function queuesInvariant(reader: StateReader): readonly string[] {
  const found: string[] = [
    ...depositQueue.entries(reader).map(([[time, id]]) => `${id} in deposit until ${time}`),
    ...votingQueue.entries(reader).map(([[time, id]]) => `${id} in voting until ${time}`),
    ...voting.entries(reader).map(([id]) => `${id} voted on`),
  ].sort();
  const expected = proposals
    .entries(reader)
    .flatMap(([id, { status, depositEndTime, votingEndTime }]) => {
      if (status === STATUS.deposit) return [`${id} in deposit until ${depositEndTime}`];
      return status === STATUS.voting ? [`${id} in voting until ${votingEndTime}`, `${id} voted on`] : [];
    })
    .sort();
  const queued = new Set(found);
  const due = new Set(expected);
  const violations = [
    ...found.filter((one) => !due.has(one)).map((one) => `queued without reason: ${one}`),
    ...expected.filter((one) => !queued.has(one)).map((one) => `not queued: ${one}`),
  ];
  const next = nextProposal.get(reader) ?? 1;
  for (const [id] of proposals.entries(reader))
    if (id >= next) violations.push(`proposal ${id}, and the next is ${next}`);
  return violations;
}

/**
 * Votes are of proposals that are voted on or were until lately, both indices agree, and what is kept by validator is what the voters' delegations
 * amount to. Returns what is violated. PERF: reads each vote and the delegations of each voter.
 */
export function votesInvariant(reader: StateReader): readonly string[] {
  const violations: string[] = [];
  const expected = new Map<string, Cast>();
  let indexed = 0;
  for (const [[id, voter], { options }] of votes.entries(reader)) {
    const open = voting.has(reader, id);
    if (!open && !closed.has(reader, id)) violations.push(`a vote on proposal ${id}, which is not voted on`);
    if (!votedOn.has(reader, [voter, id])) violations.push(`the vote of ${toHex(voter)} on ${id} is not indexed`);
    indexed++;
    if (!open) continue;
    for (const { operator } of delegationsOf(reader, voter)) {
      const key = `${id}/${toHex(operator)}`;
      const cast = weigh(options, delegatedShares(reader, voter, operator));
      expected.set(key, plus(expected.get(key) ?? NOTHING, cast));
    }
  }
  const listed = votedOn.entries(reader).length;
  if (listed !== indexed) violations.push(`${listed} votes are indexed, not ${indexed}`);
  for (const [id] of voting.entries(reader)) {
    for (const [[, operator], record] of casts.entries(reader, { within: heightKey.encode(id) })) {
      const key = `${id}/${toHex(operator)}`;
      const kept = castOf(record);
      const counted = expected.get(key) ?? NOTHING;
      expected.delete(key);
      if (CHOICES.some((choice) => kept[choice] !== counted[choice]))
        violations.push(`the casts of ${key} are not the votes`);
    }
  }
  for (const key of expected.keys()) violations.push(`the casts of ${key} are missing`);
  return violations;
}
