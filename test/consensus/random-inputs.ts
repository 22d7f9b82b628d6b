import fc from "fast-check";
import type { Input, Outcome, TimeoutKind, VoteKind, VoteValue } from "../../consensus/core/types.ts";

/** An event at a node, with rounds counted from the one it is in, so that random runs get somewhere. */
export type Happening =
  | {
      readonly kind: "proposal";
      readonly ahead: number;
      readonly valueId: string;
      readonly pol: number;
      timely: boolean;
    }
  | { readonly kind: "executed"; readonly valueId: string; readonly outcome: Outcome }
  | { readonly kind: "votes"; vote: VoteKind; ahead: number; value: VoteValue; readonly from: readonly boolean[] }
  | { readonly kind: "timeout"; readonly timeout: TimeoutKind; readonly ahead: number };

const often = <T>(usual: T, ...rare: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...rare) });

const value = fc.constantFrom("v", "v", "w", "w", "x");
const ahead = often(0, -2, -1, 1, 2);
const timeout = fc.constantFrom<TimeoutKind>("propose", "prevote", "precommit");

const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({
    kind: fc.constant("proposal" as const),
    ahead,
    valueId: value,
    pol: often(0, 1, 2),
    timely: often(true, false),
  }),
  fc.record({
    kind: fc.constant("executed" as const),
    valueId: value,
    outcome: often<Outcome>("ok", "invalid", "inferenceDiffers"),
  }),
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("votes" as const),
      vote: often<VoteKind>("prevote", "precommit"),
      ahead,
      value: fc.oneof(value, fc.constant(null)),
      from: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
    }),
  },
  fc.record({ kind: fc.constant("timeout" as const), timeout, ahead: often(0, -1, 1) }),
);

/** What happens at one node, its place in the set (undefined: none) and the powers of the set. */
export const runs = fc
  .record({
    powers: fc.constantFrom(
      [1n, 1n, 1n, 1n],
      [1n, 1n, 1n, 1n],
      [4n, 3n, 2n, 1n],
      [1n, 1n, 1n],
      [1n],
      [5n, 5n, 5n, 5n, 5n, 5n],
    ),
    place: fc.nat(6),
    happenings: fc.array(happening, { maxLength: 50, size: "max" }),
  })
  .map(({ powers, place, happenings }) => ({
    powers,
    happenings,
    self: place === 6 ? undefined : place % powers.length,
  }));

/** The inputs of a happening at a node that is in `round`; rounds before the first are the first. */
export function inputsOf(happening: Happening, round: number, proposer: (round: number) => number): readonly Input[] {
  if (happening.kind === "executed") return [happening];
  const at = Math.max(0, round + happening.ahead);
  if (happening.kind === "timeout") return [{ kind: "timeout", timeout: happening.timeout, round: at }];
  if (happening.kind === "proposal") {
    const { valueId, pol, timely } = happening;
    const polRound = Math.max(-1, pol === 0 ? -1 : at - pol);
    return [{ kind: "proposal", proposal: { round: at, polRound, valueId, proposer: proposer(at), timely } }];
  }
  const { vote: kind, value: choice, from } = happening;
  return from.flatMap((votes, validator): Input[] =>
    votes ? [{ kind: "vote", vote: { kind, round: at, value: choice, validator } }] : [],
  );
}
