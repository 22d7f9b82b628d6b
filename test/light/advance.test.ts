import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LightBlock } from "../../chain/types/light-block.ts";
import { type Advance, type LightEnv, type Steps, sequentially, skipping } from "../../consensus/light/advance.ts";
import { lightBlockId, verifyLater } from "../../consensus/light/verify.ts";
import { at, BLS, certify, HOUR, justAfter, makeChain, PARAMS, type Seat, type Spec, steady } from "./chain-maker.ts";

interface Run<T> {
  readonly result: T;
  /** Heights that were asked for. */
  readonly asked: readonly number[];
}

function run<T>(steps: Steps<T>, source: (height: number) => LightBlock): Run<T> {
  const asked: number[] = [];
  let step = steps.next();
  while (step.done !== true) {
    asked.push(step.value);
    step = steps.next(source(step.value));
  }
  return { result: step.value, asked };
}

const envAt = (now: number): LightEnv => ({ params: PARAMS, bls: BLS, now: () => now });
const heights = (advance: Advance): number[] | undefined =>
  advance.ok ? advance.trace.map(({ header }) => header.height) : undefined;

const OLD: readonly Seat[] = [
  [1, 10],
  [2, 10],
  [3, 10],
];
const NEW: readonly Seat[] = [
  [4, 10],
  [5, 10],
  [6, 10],
];

function bothWays(chain: readonly LightBlock[], to: number, now = justAfter(chain)) {
  const source = (height: number) => at(chain, height);
  const skipped = run(skipping(at(chain, 1), at(chain, to), envAt(now)), source);
  const walked = run(sequentially(at(chain, 1), at(chain, to), envAt(now)), source);
  return { skipped, walked };
}

describe("skipping", () => {
  test("takes one step where the set stays", () => {
    const { skipped, walked } = bothWays(makeChain(steady(OLD, 40)), 40);
    expect(skipped).toMatchObject({ result: { ok: true }, asked: [] });
    expect(walked.asked).toHaveLength(38);
    expect(heights(walked.result)).toHaveLength(40);
  });

  test("finds the height at which the whole set was replaced", () => {
    const chain = makeChain([...steady(OLD, 20), ...steady(NEW, 20)]);
    const { skipped, walked } = bothWays(chain, 40);
    expect(heights(skipped.result)).toEqual(expect.arrayContaining([1, 20, 21, 40]));
    expect(skipped.asked.length).toBeLessThanOrEqual(12);
    expect(walked.result.ok).toBe(true);
  });

  test("finds the height at which a newcomer joined, since nothing else proves that its key is its own", () => {
    const chain = makeChain([...steady(OLD, 10), ...steady([...OLD, [4, 1]], 22)]);
    expect(heights(bothWays(chain, 32).skipped.result)).toEqual(expect.arrayContaining([10, 11, 32]));
  });

  test("worst case: a new set at every height is verified header by header, each asked for once", () => {
    const specs = Array.from(
      { length: 17 },
      (_, i): Spec => ({
        seats: [
          [2 * i, 10],
          [2 * i + 1, 10],
        ],
      }),
    );
    const chain = makeChain(specs);
    const { skipped, walked } = bothWays(chain, 17);
    expect(heights(skipped.result)).toEqual(Array.from({ length: 17 }, (_, i) => i + 1));
    expect(new Set(skipped.asked).size).toBe(skipped.asked.length);
    expect(skipped.asked).toHaveLength(15);
    expect(walked.result.ok).toBe(true);
  });
});

describe("what a source can do wrong", () => {
  const chain = makeChain([...steady(OLD, 8), ...steady(NEW, 8)]);
  const target = at(chain, 16);
  const trusted = at(chain, 1);

  test.each([
    ["skipping", skipping],
    ["sequentially", sequentially],
  ] as const)("%s: trust is expired", (_, advance) => {
    const now = trusted.header.time + PARAMS.trustingPeriod;
    const { result } = run(advance(trusted, target, envAt(now)), (height) => at(chain, height));
    expect(result).toMatchObject({ ok: false, rejection: { kind: "expired" } });
  });

  test("trust that expires on the way ends it", () => {
    let now = justAfter(chain);
    const env: LightEnv = { params: PARAMS, bls: BLS, now: () => now };
    const { result } = run(skipping(trusted, target, env), (height) => {
      now += HOUR;
      return at(chain, height);
    });
    expect(result).toMatchObject({ ok: false, rejection: { kind: "expired" } });
  });

  test.each([
    ["skipping", skipping],
    ["sequentially", sequentially],
  ] as const)("%s: another height than asked for", (_, advance) => {
    const { result } = run(advance(trusted, target, envAt(justAfter(chain))), (height) => at(chain, height - 1));
    expect(result).toMatchObject({ ok: false, rejection: { kind: "invalid", reason: /was given for block/ } });
  });

  test.each([
    ["too few commits", (block: LightBlock) => certify(block.header, NEW, [4, 5])],
    [
      "a malicious validator set",
      (block: LightBlock) =>
        certify(block.header, [
          [8, 10],
          [9, 10],
        ]),
    ],
    ["a conflicting header", (block: LightBlock) => ({ ...block, header: { ...block.header, time: 5 } })],
  ])("%s on the way", (_, forge) => {
    const source = (height: number) => (height > 8 ? forge(at(chain, height)) : at(chain, height));
    for (const advance of [skipping, sequentially]) {
      const { result } = run(advance(trusted, target, envAt(justAfter(chain))), source);
      expect(result).toMatchObject({ ok: false, rejection: { kind: "invalid" } });
    }
  });
});

/** Sets of validators 0 to 4 of power 1 to 9; numbers 8 and 9 are the attackers, and have power 1 where they are members. */
const powers = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 5, maxLength: 5 });
const honestSeats = powers.map((list) => {
  const seats = list.flatMap((power, id): Seat[] => (power === 0 ? [] : [[id, power]]));
  return seats.length < 3
    ? ([
        [0, 3],
        [1, 3],
        [2, 3],
      ] as Seat[])
    : seats;
});

/** Some sets that each stay for some heights. The attackers have at most a third of each. */
const history = fc
  .array(fc.tuple(honestSeats, fc.integer({ min: 1, max: 3 }), fc.boolean()), { minLength: 1, maxLength: 3 })
  .map((eras) => {
    const specs = eras.flatMap(([seats, length, joined]): Spec[] => {
      const sum = seats.reduce((all, [, power]) => all + power, 0);
      const attackers: Seat[] =
        joined && sum >= 4
          ? [
              [8, 1],
              [9, 1],
            ]
          : [];
      return steady([...seats, ...attackers], length);
    });
    return [...specs, ...specs.slice(-1), ...specs.slice(-1)];
  });

/** What the attackers can sign: any header, with any set that they write down, with their own keys. */
const forgery = fc.record({
  withHonest: fc.boolean(),
  claim: fc.boolean(),
  seed: fc.integer({ min: 1, max: 255 }),
});

function forge(block: LightBlock, how: { withHonest: boolean; claim: boolean; seed: number }, seats: readonly Seat[]) {
  const set: readonly Seat[] = how.withHonest
    ? seats
    : [
        [8, 1000],
        [9, 1000],
      ];
  const [fake] = makeChain([{ seats: set }]);
  if (fake === undefined) throw new Error("no block");
  const { validatorsRoot, nextValidatorsRoot } = fake.header;
  const stateRoot = new Uint8Array(32).fill(how.seed);
  const header = { ...block.header, validatorsRoot, nextValidatorsRoot, stateRoot };
  const ids = set.map(([id]) => id);
  const signed = certify(
    header,
    set,
    ids.filter((id) => id >= 8),
  );
  // Claims everyone's signature and has only its own.
  return how.claim ? { ...signed, commit: { ...signed.commit, signers: certify(header, set).commit.signers } } : signed;
}

/** @returns whether a forged block got through, which an honest majority excludes. */
function attacked(
  specs: readonly Spec[],
  forgeries: readonly Parameters<typeof forge>[1][],
  ...ways: (typeof skipping)[]
) {
  const chain = makeChain(specs);
  const ids = new Set(chain.map((block) => lightBlockId(block).join()));
  const source = (height: number) => {
    const how = forgeries[height % (forgeries.length + 1)];
    const block = at(chain, height);
    return how === undefined ? block : forge(block, how, specs[height - 1]?.seats ?? []);
  };
  return ways.some((verify) => {
    const { result } = run(verify(at(chain, 1), source(chain.length), envAt(justAfter(chain))), source);
    return result.ok && result.trace.some((block) => !ids.has(lightBlockId(block).join()));
  });
}

describe("in histories with an honest majority", () => {
  test("skipping accepts what sequential verification accepts", () => {
    fc.assert(
      fc.property(history, (specs) => {
        const chain = makeChain(specs);
        const { skipped, walked } = bothWays(chain, chain.length);
        expect(walked.result.ok).toBe(true);
        expect(skipped.result.ok).toBe(true);
        expect(skipped.asked.length).toBeLessThanOrEqual(walked.asked.length);
      }),
      { numRuns: 12 },
    );
  });

  test("no forged block gets through, either way", () => {
    fc.assert(
      fc.property(history, fc.array(forgery, { maxLength: 3 }), (specs, forgeries) => {
        expect(attacked(specs, forgeries, skipping, sequentially)).toBe(false);
      }),
      { numRuns: 15 },
    );
  });

  test("the property sees a verifier that lets everything through", () => {
    function* gullible(trusted: LightBlock, target: LightBlock): Steps<Advance> {
      yield* [];
      return { ok: true, trace: [trusted, target] };
    }
    const property = fc.property(history, fc.array(forgery, { minLength: 1, maxLength: 3 }), (specs, forgeries) => {
      return !attacked(specs, forgeries, gullible);
    });
    expect(fc.check(property, { numRuns: 20 }).failed).toBe(true);
  });

  test("and that a third of the trusted set must have signed", () => {
    const chain = makeChain(
      steady(
        [
          [1, 10],
          [2, 10],
          [8, 10],
        ],
        6,
      ),
    );
    const forged = forge(at(chain, 6), { withHonest: false, claim: false, seed: 1 }, []);
    expect(verifyLater(at(chain, 1), forged, justAfter(chain), PARAMS, BLS)).toMatchObject({ kind: "unvouched" });
  });
});
