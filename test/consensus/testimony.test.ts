import { BitArray } from "@chainsafe/ssz";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { excusingRounds } from "../../chain/amnesia.ts";
import { utf8 } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import type { AggregateVote } from "../../chain/types/evidence.ts";
import { ZERO_32, ZERO_96 } from "../../chain/types/primitives.ts";
import { Commit, PRECOMMIT, PREVOTE, type Vote } from "../../chain/types/vote.ts";
import { transition } from "../../consensus/core/core.ts";
import type { State } from "../../consensus/core/state.ts";
import type { CoreVote } from "../../consensus/core/types.ts";
import { hasQuorumFor } from "../../consensus/core/vote-keeper.ts";
import { openHeight, typeOf } from "../../consensus/driver/height.ts";
import { NO_TESTIMONY, type Testimony, testimonyOf } from "../../consensus/driver/testimony.ts";
import { fakeApp } from "./fake-app.ts";
import { members } from "./fixture.ts";
import { type SimulationOptions, simulate } from "./simulation.ts";

const set = members([1n, 1n, 1n, 1n, 1n, 1n, 1n]);
/** Adding up signatures is not what is tested here. */
const noBls = { aggregate: () => ZERO_96 };

const idOf = (value: string): Uint8Array => sha256(utf8(value));
const nameOf = (value: string | null): Uint8Array => (value === null ? ZERO_32 : idOf(value));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

function signed({ kind, round, value, validator }: CoreVote): Vote {
  return {
    type: typeOf(kind),
    height: 1,
    round,
    blockId: nameOf(value),
    validatorIndex: validator,
    signature: ZERO_96,
  };
}

/** The votes that a core counts, as the driver keeps them. */
function countedBy({ votes }: State): CoreVote[] {
  return [...votes.rounds].flatMap(([round, ofRound]) =>
    (["prevote", "precommit"] as const).flatMap((kind) => {
      const { first, further } = ofRound[kind];
      return first.flatMap((value, validator) =>
        value === undefined
          ? []
          : [value, ...(further.get(validator) ?? [])].map((each) => ({ kind, round, value: each, validator })),
      );
    }),
  );
}

/** The core with the names of values as the driver gives them. */
function renamed(state: State): State {
  const rounds = new Map(
    [...state.votes.rounds].map(([round, votes]) => {
      const rename = (tally: typeof votes.prevote) => ({
        ...tally,
        powers: new Map([...tally.powers].map(([value, power]) => [value === null ? null : hex(idOf(value)), power])),
      });
      return [round, { ...votes, prevote: rename(votes.prevote), precommit: rename(votes.precommit) }] as const;
    }),
  );
  return { ...state, votes: { ...state.votes, rounds } };
}

function testimony(state: State, decided: string | undefined): Testimony {
  const nodes = state.config.powers.length;
  const height = openHeight(fakeApp(set.slice(0, nodes)), undefined, () => false);
  for (const vote of countedBy(state)) height.addVote(signed(vote));
  const deciding = [...state.votes.rounds.keys()].find(
    (round) => decided !== undefined && hasQuorumFor(state.votes, round, "precommit", decided),
  );
  const commit = {
    ...Commit.defaultValue(),
    round: deciding ?? 0,
    blockId: idOf(decided ?? "nothing"),
    signers: BitArray.fromBitLen(nodes),
  };
  return testimonyOf(renamed(state), height, commit, noBls);
}

interface Run {
  readonly states: readonly State[];
  readonly votes: readonly CoreVote[];
  readonly decisions: readonly (string | undefined)[];
}

function runOf(options: SimulationOptions): Run {
  let end: Pick<Run, "states" | "votes"> = { states: [], votes: [] };
  const onEnd: SimulationOptions["onEnd"] = (states, votes) => {
    end = { states, votes };
  };
  return { ...simulate({ ...options, onEnd }), ...end };
}

interface Pair {
  readonly validator: number;
  readonly later: CoreVote;
  readonly lockRound: number;
}

/** Every way in which anybody who knows all votes could challenge a validator. */
function challengesOf(votes: readonly CoreVote[], validator: number, decided: string | undefined): Pair[] {
  const own = votes.filter((vote) => vote.validator === validator && vote.value !== null);
  const locks = own.filter(({ kind }) => kind === "precommit");
  const pairs = locks.flatMap((lock) =>
    own
      .filter((later) => later.round > lock.round && later.value !== lock.value)
      .map((later) => ({ validator, later, lockRound: lock.round })),
  );
  // What a light-client attack asks: the polka of the precommit itself. Of the chain's own block it does where that was not decided at once.
  const alone = locks.filter(({ round, value }) => round > 0 || value !== decided);
  return [...pairs, ...alone.map((later) => ({ validator, later, lockRound: 0 }))];
}

function isExcused({ later, lockRound }: Pair, polkas: readonly AggregateVote[]): boolean {
  const { fromRound, toRound } = excusingRounds(typeOf(later.kind), later.round, lockRound);
  const blockId = hex(nameOf(later.value));
  return polkas.some(({ round, ...polka }) => fromRound <= round && round <= toRound && hex(polka.blockId) === blockId);
}

/** Of those who follow the rules, whoever could be challenged and would have nothing to show. */
function blamed({ states, votes, decisions }: Run, correct: readonly number[]): Pair[] {
  return correct.flatMap((node) => {
    const state = states[node];
    if (state === undefined) return [];
    const { polkas } = testimony(state, decisions[node]);
    return challengesOf(votes, node, decisions[node]).filter((pair) => !isExcused(pair, polkas));
  });
}

const BAD = { loss: 0.4, healAt: 3000 };
const forgetful =
  (nodes: readonly number[]): typeof transition =>
  (state, input) =>
    transition(nodes.includes(state.config.self ?? -1) ? { ...state, locked: undefined } : state, input);

describe("what a correct validator keeps of a height", () => {
  test("answers every challenge that anyone could make of its votes, however many others are faulty", () => {
    const options: fc.Arbitrary<SimulationOptions> = fc.record({
      seed: fc.nat(1_000_000),
      nodes: fc.constantFrom(4, 7),
      byzantine: fc.constantFrom(0, 1, 2),
      loss: fc.constantFrom(0, 0.3, 0.6),
      healAt: fc.constantFrom(0, 3000),
    });
    fc.assert(
      fc.property(options, fc.nat(2), (run, amnesiacs) => {
        const correct = run.nodes - run.byzantine;
        const forgetting = Array.from({ length: Math.min(amnesiacs, correct - 1) }, (_, index) => index);
        const result = runOf({ ...run, step: forgetful(forgetting) });
        const rest = result.states.flatMap((_, node) => (forgetting.includes(node) ? [] : [node]));
        expect(blamed(result, rest)).toEqual([]);
      }),
      // Decided in its second round, of which alone it has seen anything.
      { numRuns: 150, examples: [[{ seed: 148_795, nodes: 4, byzantine: 2, loss: 0, healAt: 0 }, 0]] },
    );
  });

  test("planted fault: whoever forgets its lock is caught, and nobody else", () => {
    let caught = 0;
    for (let seed = 0; seed < 200; seed++) {
      const result = runOf({ seed, nodes: 4, byzantine: 1, ...BAD, step: forgetful([0]) });
      caught += blamed(result, [0]).length > 0 ? 1 : 0;
      expect(blamed(result, [1, 2])).toEqual([]);
    }
    expect(caught).toBeGreaterThan(0);
  });

  test("the challenges of a correct node are never against one whose excuse it has seen itself", () => {
    let challenged = 0;
    for (let seed = 0; seed < 100; seed++) {
      const { states, decisions } = runOf({ seed, nodes: 4, byzantine: 1, ...BAD, step: forgetful([0]) });
      for (const [node, state] of states.entries()) {
        const { challenges, polkas } = testimony(state, decisions[node]);
        challenged += challenges.length;
        for (const { precommits, later } of challenges) {
          expect([precommits.type, later.round > precommits.round]).toEqual([PRECOMMIT, true]);
          const { fromRound, toRound } = excusingRounds(later.type, later.round, precommits.round);
          const excuse = polkas.find(
            ({ round, blockId }) => fromRound <= round && round <= toRound && hex(blockId) === hex(later.blockId),
          );
          expect(excuse).toBeUndefined();
          expect(precommits.signers.toBoolArray().some((has, i) => has && later.signers.get(i))).toBe(true);
        }
      }
    }
    expect(challenged).toBeGreaterThan(0);
  });

  test("nothing, of a height that the first round decided without another block", () => {
    const { states, decisions } = runOf({ seed: 1, nodes: 4, byzantine: 0, loss: 0, healAt: 0 });
    const [state] = states;
    if (state === undefined) throw new Error("no node");
    expect(testimony(state, decisions[0])).toBe(NO_TESTIMONY);
    expect(testimony(state, "another").polkas).toMatchObject([{ type: PREVOTE, round: 0 }]);
  });
});
