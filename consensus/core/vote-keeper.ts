import { hasHonest, isQuorum } from "./quorum.ts";
import type { CoreVote, InputVerdict, ValueId, VoteKind, VoteValue } from "./types.ts";

/**
 * The votes of one kind in one round. A validator that contradicts itself counts for every value kept of it, as in the
 * paper, where a quorum counts messages and not senders.
 */
interface Tally {
  /** By validator index; undefined where none came. */
  readonly first: readonly (VoteValue | undefined)[];
  /** Further values of validators that contradicted themselves. */
  readonly further: ReadonlyMap<number, readonly VoteValue[]>;
  readonly powers: ReadonlyMap<VoteValue, bigint>;
  /** Power of all that voted, each counted once. */
  readonly any: bigint;
}

interface RoundVotes {
  readonly prevote: Tally;
  readonly precommit: Tally;
  /** Power of all that sent a vote of either kind. */
  readonly voters: bigint;
}

/** All votes of a height that are worth keeping. A value: adding a vote makes a new one that shares the rest. */
export interface VoteKeeper {
  readonly powers: readonly bigint[];
  readonly total: bigint;
  readonly rounds: ReadonlyMap<number, RoundVotes>;
  /** Rounds beyond the next one that a validator has votes in, at most MAX_CATCH_UP_ROUNDS. */
  readonly ahead: ReadonlyMap<number, readonly number[]>;
}

/** So many far rounds a validator may vote in; a still later one replaces the earliest (its sender has moved on). */
const MAX_CATCH_UP_ROUNDS = 2;

export function emptyVoteKeeper(powers: readonly bigint[]): VoteKeeper {
  return { powers, total: powers.reduce((sum, power) => sum + power, 0n), rounds: new Map(), ahead: new Map() };
}

const EMPTY_TALLY: Tally = { first: [], further: new Map(), powers: new Map(), any: 0n };
const EMPTY_ROUND: RoundVotes = { prevote: EMPTY_TALLY, precommit: EMPTY_TALLY, voters: 0n };

function withPower(powers: ReadonlyMap<VoteValue, bigint>, value: VoteValue, delta: bigint): Map<VoteValue, bigint> {
  const changed = new Map(powers);
  changed.set(value, (powers.get(value) ?? 0n) + delta);
  return changed;
}

/** PERF: copies one array of the set's size for each vote, which for 1024 validators is less than a microsecond. */
function tallyFirst(tally: Tally, size: number, validator: number, value: VoteValue, power: bigint): Tally {
  const first = tally.first.length === 0 ? new Array<VoteValue | undefined>(size).fill(undefined) : tally.first.slice();
  first[validator] = value;
  return { ...tally, first, powers: withPower(tally.powers, value, power), any: tally.any + power };
}

function tallyWithout(tally: Tally, validator: number, power: bigint): Tally {
  const value = tally.first[validator];
  if (value === undefined) return tally;
  const first = tally.first.slice();
  first[validator] = undefined;
  let powers = withPower(tally.powers, value, -power);
  for (const other of tally.further.get(validator) ?? []) powers = withPower(powers, other, -power);
  const further = new Map(tally.further);
  further.delete(validator);
  return { first, further, powers, any: tally.any - power };
}

function forget(rounds: Map<number, RoundVotes>, round: number, validator: number, power: bigint): void {
  const votes = rounds.get(round);
  if (votes === undefined) return;
  const voters = votes.voters - power;
  if (voters === 0n) rounds.delete(round);
  else {
    const prevote = tallyWithout(votes.prevote, validator, power);
    rounds.set(round, { prevote, precommit: tallyWithout(votes.precommit, validator, power), voters });
  }
}

export interface AddedVote {
  readonly keeper: VoteKeeper;
  readonly verdict: InputVerdict;
  /** What the validator voted for before, when this vote contradicts it for the first time. */
  readonly conflict?: VoteValue;
}

/** @param currentRound the round this node is in: votes of rounds up to the next one are always kept. */
export function addVote(keeper: VoteKeeper, vote: CoreVote, currentRound: number): AddedVote {
  const { round, kind, value, validator } = vote;
  const power = keeper.powers[validator];
  if (power === undefined) return { keeper, verdict: "unknownValidator" };
  const known = keeper.rounds.get(round);
  const before = known?.[kind].first[validator];
  if (known !== undefined && before !== undefined) return addAgain(keeper, known, vote, before, power);

  const rounds = new Map(keeper.rounds);
  let { ahead } = keeper;
  if (round > currentRound + 1) {
    const own = (ahead.get(validator) ?? []).filter((other) => other > currentRound + 1);
    if (!own.includes(round)) {
      const earliest = own[0];
      if (earliest !== undefined && own.length >= MAX_CATCH_UP_ROUNDS) {
        if (round < earliest) return { keeper, verdict: "tooFar" };
        own.shift();
        forget(rounds, earliest, validator, power);
      }
      own.push(round);
      ahead = new Map(ahead).set(
        validator,
        own.sort((a, b) => a - b),
      );
    }
  }
  const votes = rounds.get(round) ?? EMPTY_ROUND;
  const isNew = votes.prevote.first[validator] === undefined && votes.precommit.first[validator] === undefined;
  const tally = tallyFirst(votes[kind], keeper.powers.length, validator, value, power);
  rounds.set(round, { ...votes, [kind]: tally, voters: isNew ? votes.voters + power : votes.voters });
  return { keeper: { ...keeper, rounds, ahead }, verdict: "accepted" };
}

/**
 * A second value is kept as evidence. More are kept only for values that more than a third voted for first, which are
 * two at most: without them, a faulty validator could complete a polka at one node and fill its places at the others
 * with other values, so that they could never see the polka that the one node is locked on.
 */
function addAgain(keeper: VoteKeeper, known: RoundVotes, vote: CoreVote, before: VoteValue, power: bigint): AddedVote {
  const { round, kind, value, validator } = vote;
  const tally = known[kind];
  const further = tally.further.get(validator) ?? [];
  if (value === before || further.includes(value)) return { keeper, verdict: "duplicate" };
  if (further.length > 0 && !hasHonest(firstPower(keeper, tally, value), keeper.total)) {
    return { keeper, verdict: "conflicting" };
  }
  const changed: Tally = {
    ...tally,
    further: new Map(tally.further).set(validator, [...further, value]),
    powers: withPower(tally.powers, value, power),
  };
  const rounds = new Map(keeper.rounds).set(round, { ...known, [kind]: changed });
  const added: AddedVote = { keeper: { ...keeper, rounds }, verdict: "accepted" };
  return further.length > 0 ? added : { ...added, conflict: before };
}

function firstPower(keeper: VoteKeeper, tally: Tally, value: VoteValue): bigint {
  return tally.first.reduce<bigint>((sum, one, i) => (one === value ? sum + (keeper.powers[i] ?? 0n) : sum), 0n);
}

/** Whether more than two thirds voted for this value (null: nil). */
export function hasQuorumFor(keeper: VoteKeeper, round: number, kind: VoteKind, value: VoteValue): boolean {
  return isQuorum(keeper.rounds.get(round)?.[kind].powers.get(value) ?? 0n, keeper.total);
}

/** Whether more than two thirds voted, for whatever. */
export function hasQuorumAny(keeper: VoteKeeper, round: number, kind: VoteKind): boolean {
  return isQuorum(keeper.rounds.get(round)?.[kind].any ?? 0n, keeper.total);
}

/** The value, other than nil, that more than two thirds voted for. */
export function quorumValue(keeper: VoteKeeper, round: number, kind: VoteKind): ValueId | undefined {
  for (const [value, power] of keeper.rounds.get(round)?.[kind].powers ?? []) {
    if (value !== null && isQuorum(power, keeper.total)) return value;
  }
  return undefined;
}

/** The highest round above `round` that more than a third have sent votes of. */
export function roundToSkipTo(keeper: VoteKeeper, round: number): number | undefined {
  let target: number | undefined;
  for (const [candidate, { voters }] of keeper.rounds) {
    if (candidate > (target ?? round) && hasHonest(voters, keeper.total)) target = candidate;
  }
  return target;
}

/**
 * Whether further votes of this kind and round, of `power` together, could enable a clause: once a value or nil has its
 * quorum, more of the same change nothing. Votes of validators that voted before may be counted twice, which errs on
 * the side of yes.
 */
export function couldDecide(
  keeper: VoteKeeper,
  currentRound: number,
  vote: Pick<CoreVote, "kind" | "round">,
  power: bigint,
): boolean {
  const { kind, round } = vote;
  const known = keeper.rounds.get(round);
  if (round > currentRound && hasHonest((known?.voters ?? 0n) + power, keeper.total)) return true;
  const isSettled = hasQuorumFor(keeper, round, kind, null) || quorumValue(keeper, round, kind) !== undefined;
  return !isSettled && isQuorum((known?.[kind].any ?? 0n) + power, keeper.total);
}
