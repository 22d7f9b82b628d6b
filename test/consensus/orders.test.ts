import { expect, test } from "vitest";
import { startHeight, transition } from "../../consensus/core/core.ts";
import type { Effect, Input, VoteKind } from "../../consensus/core/types.ts";

const PROPOSER = (round: number): number => round % 4;

function vote(kind: VoteKind, validator: number): Input {
  return { kind: "vote", vote: { kind, round: 0, value: "v", validator } };
}

const PROPOSAL: Input = {
  kind: "proposal",
  proposal: { round: 0, polRound: -1, valueId: "v", proposer: 0, timely: true },
};

/** A round in which the three others agree, as validator 3 may hear of it. */
const ROUND: readonly Input[] = [
  PROPOSAL,
  ...[0, 1, 2].map((validator) => vote("prevote", validator)),
  ...[0, 1, 2].map((validator) => vote("precommit", validator)),
];

function* orders<T>(values: readonly T[]): Generator<readonly T[]> {
  if (values.length === 0) yield [];
  for (const [i, value] of values.entries()) {
    for (const rest of orders(values.filter((_, j) => j !== i))) yield [value, ...rest];
  }
}

/** What validator 3 does when it hears this: it executes at once, and hears its own votes. */
function heard(
  inputs: readonly Input[],
  step = transition,
): { readonly effects: readonly Effect[]; readonly decided: boolean } {
  let { state } = startHeight({ height: 1, powers: [1n, 1n, 1n, 1n], self: 3, proposer: PROPOSER });
  const effects: Effect[] = [];
  const feed = (input: Input): void => {
    const moved = step(state, input);
    state = moved.state;
    effects.push(...moved.effects);
    for (const effect of moved.effects) {
      if (effect.kind === "execute") feed({ kind: "executed", valueId: effect.valueId, outcome: "ok" });
      if (effect.kind === "vote") feed({ kind: "vote", vote: effect.vote });
    }
  };
  for (const input of inputs) feed(input);
  return { effects, decided: state.step === "commit" };
}

const count = (effects: readonly Effect[], kind: Effect["kind"]): number =>
  effects.filter((effect) => effect.kind === kind).length;

/** What is wrong with what it did, all messages of the round heard. */
function isWrong({ effects, decided }: ReturnType<typeof heard>): boolean {
  const isOther = effects.some((effect) => effect.kind === "vote" && effect.vote.value !== "v");
  return !decided || isOther || count(effects, "decide") !== 1 || count(effects, "execute") !== 1;
}

test("in whatever order the messages of a round come, it decides once, executes once and votes for nothing else", () => {
  const all = [...orders(ROUND)];
  expect(all).toHaveLength(5040);
  expect(all.find((order) => isWrong(heard(order)))).toBeUndefined();
});

test("a core that drops votes for a block that is not here yet is seen", () => {
  const forgetful: typeof transition = (state, input) =>
    input.kind === "vote" && state.proposals.size === 0
      ? { state, effects: [], lines: [], verdict: "stale" }
      : transition(state, input);
  expect([...orders(ROUND)].some((order) => isWrong(heard(order, forgetful)))).toBe(true);
});

test("with a timer that expires anywhere among them it may vote nil, and still decides the same", () => {
  let nil = 0;
  for (const timeout of ["propose", "prevote"] as const) {
    // Without one of the prevotes, so that there are fewer orders: its own makes up for it where it is for the block.
    for (const order of orders(ROUND.filter((input) => input !== ROUND[3]))) {
      for (let at = 0; at <= order.length; at++) {
        const { effects } = heard([...order.slice(0, at), { kind: "timeout", timeout, round: 0 }, ...order.slice(at)]);
        const votes = effects.flatMap((effect) => (effect.kind === "vote" ? [effect.vote] : []));
        if (votes.some(({ value }) => value === null)) nil++;
        const decided = effects.find((effect) => effect.kind === "decide");
        const kinds = votes.map(({ kind }) => kind);
        const isRight = decided?.valueId === "v" && new Set(kinds).size === kinds.length;
        if (!isRight) throw new Error(JSON.stringify({ order, at, effects }));
      }
    }
  }
  expect(nil).toBeGreaterThan(100);
});
