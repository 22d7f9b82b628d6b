import type { Context } from "../../chain/module.ts";
import type { StateReader } from "../../state/store.ts";
import { type CastRecord, casts, votedOn, votes, voting, type WeightedOption } from "./store.ts";

/**
 * What has been voted, by proposal and validator, kept up to date with each vote and each change of a voter's delegation. So the
 * end of a vote costs a look at each bonded validator, however many have voted and delegate: the rest was paid for by
 * those who voted or moved stake. It does not import staking, which calls it.
 */

/** Shares times weight (18 decimals), by option. */
export interface Cast {
  readonly yes: bigint;
  readonly abstain: bigint;
  readonly no: bigint;
  readonly noWithVeto: bigint;
}
export type Choice = keyof Cast;
/** In the order of the numbers of cosmos.gov.v1.VoteOption, from 1. */
export const CHOICES: readonly Choice[] = ["yes", "abstain", "no", "noWithVeto"];
export const NOTHING: Cast = { yes: 0n, abstain: 0n, no: 0n, noWithVeto: 0n };

const WORD = 256n;
const LOW = (1n << WORD) - 1n;

export function readCast(reader: StateReader, proposal: number, operator: Uint8Array): Cast {
  const record = casts.get(reader, [proposal, operator]);
  return record === undefined ? NOTHING : castOf(record);
}

export function castOf(record: CastRecord): Cast {
  const whole = ({ low, high }: { low: bigint; high: bigint }) => (high << WORD) | low;
  const { yes, abstain, no, noWithVeto } = record;
  return { yes: whole(yes), abstain: whole(abstain), no: whole(no), noWithVeto: whole(noWithVeto) };
}

function writeCast(ctx: Pick<Context, "store">, proposal: number, operator: Uint8Array, cast: Cast): void {
  if (CHOICES.every((choice) => cast[choice] === 0n)) {
    if (casts.has(ctx.store, [proposal, operator])) casts.delete(ctx.store, [proposal, operator]);
    return;
  }
  const parts = (value: bigint) => {
    if (value < 0n) throw new Error(`a cast of ${value} on proposal ${proposal}`);
    return { low: value & LOW, high: value >> WORD };
  };
  casts.set(ctx.store, [proposal, operator], {
    yes: parts(cast.yes),
    abstain: parts(cast.abstain),
    no: parts(cast.no),
    noWithVeto: parts(cast.noWithVeto),
  });
}

/** Shares by the weights of a vote; `shares` may be negative. */
export function weigh(options: readonly WeightedOption[], shares: bigint): Cast {
  const cast = { ...NOTHING };
  for (const { option, weight } of options) {
    const choice = CHOICES[option - 1];
    if (choice === undefined) throw new Error(`there is no vote option ${option}`);
    cast[choice] += shares * weight;
  }
  return cast;
}

export function plus(a: Cast, b: Cast): Cast {
  return {
    yes: a.yes + b.yes,
    abstain: a.abstain + b.abstain,
    no: a.no + b.no,
    noWithVeto: a.noWithVeto + b.noWithVeto,
  };
}

/**
 * Replaces a voter's vote, be there one or not.
 * @param delegations all the voter's. PERF: reads and writes one record for each; the voter's gas pays.
 */
export function recast(
  ctx: Context,
  proposal: number,
  delegations: readonly { readonly operator: Uint8Array; readonly shares: bigint }[],
  before: readonly WeightedOption[],
  after: readonly WeightedOption[],
): void {
  for (const { operator, shares } of delegations) {
    const change = plus(weigh(before, -shares), weigh(after, shares));
    writeCast(ctx, proposal, operator, plus(readCast(ctx.store, proposal, operator), change));
  }
}

/** A delegation's shares change: so does what its owner has voted with it. Called by staking's hooks. */
export function votingSharesChanged(
  ctx: Context,
  delegator: Uint8Array,
  operator: Uint8Array,
  before: bigint,
  after: bigint,
): void {
  for (const [[, proposal]] of votedOn.entries(ctx.store, { within: delegator })) {
    const vote = voting.has(ctx.store, proposal) ? votes.get(ctx.store, [proposal, delegator]) : undefined;
    if (vote === undefined) continue;
    const change = weigh(vote.options, after - before);
    writeCast(ctx, proposal, operator, plus(readCast(ctx.store, proposal, operator), change));
  }
}
