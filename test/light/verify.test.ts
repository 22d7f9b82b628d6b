import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { verifyCommit } from "../../chain/commit.ts";
import { LightBlock } from "../../chain/types/light-block.ts";
import * as verify from "../../consensus/light/verify.ts";
import { CASES, CHAIN, NOW, rogueBlock, SEATS } from "./cases.ts";
import { at, BLS, HOUR, justAfter, makeChain, PARAMS, SECOND, steady } from "./chain-maker.ts";

const { verifyAdjacent, verifyBySet, verifyFirst, verifyLater, verifyParent, verifySkipping } = verify;

describe("what is as it should be is trusted", () => {
  test("the next block", () => {
    expect(verifyAdjacent(at(CHAIN, 1), at(CHAIN, 2), NOW, PARAMS, BLS)).toBeUndefined();
  });
  test("the next block with a set of strangers, which the one before announces", () => {
    const chain = makeChain([
      { seats: SEATS },
      {
        seats: [
          [7, 1],
          [8, 1],
        ],
      },
    ]);
    expect(verifyAdjacent(at(chain, 1), at(chain, 2), NOW, PARAMS, BLS)).toBeUndefined();
    expect(verifyLater(at(chain, 1), at(chain, 2), NOW, PARAMS, BLS)).toBeUndefined();
  });
  test("a block further on, with the same set and one that has become smaller", () => {
    expect(verifySkipping(at(CHAIN, 1), at(CHAIN, 6), NOW, PARAMS, BLS)).toBeUndefined();
    const chain = makeChain([
      ...steady(SEATS, 3),
      {
        seats: [
          [1, 10],
          [2, 1],
        ],
      },
    ]);
    expect(verifySkipping(at(chain, 1), at(chain, 4), NOW, PARAMS, BLS)).toBeUndefined();
  });
  test("a newcomer that has not signed does not matter", () => {
    const chain = makeChain([...steady(SEATS, 3), { seats: [...SEATS, [4, 10]], signers: [1, 2, 3] }]);
    expect(verifySkipping(at(chain, 1), at(chain, 4), NOW, PARAMS, BLS)).toBeUndefined();
  });
  test("power counts as the trusted set has it, not as the new one says", () => {
    const chain = makeChain([
      ...steady(
        [
          [1, 10],
          [2, 90],
        ],
        3,
      ),
      {
        seats: [
          [1, 90],
          [2, 10],
        ],
        signers: [1],
      },
    ]);
    expect(verifySkipping(at(chain, 1), at(chain, 4), NOW, PARAMS, BLS)).toMatchObject({
      kind: "unvouched",
      reason: "10 of 100 power of block 1 signed, more than 1/3 is needed",
    });
  });
  test("the last moment of the trusting period, and of the drift", () => {
    const last = at(CHAIN, 1).header.time + PARAMS.trustingPeriod - 1;
    expect(verifyAdjacent(at(CHAIN, 1), at(CHAIN, 2), last, PARAMS, BLS)).toBeUndefined();
    const early = at(CHAIN, 2).header.time - PARAMS.clockDrift + 1;
    expect(verifyAdjacent(at(CHAIN, 1), at(CHAIN, 2), early, PARAMS, BLS)).toBeUndefined();
  });
  test("the first block and a parent, however old", () => {
    const first = at(CHAIN, 1);
    const root = { height: 1, blockId: verify.lightBlockId(first) };
    expect(verifyFirst(root, first, NOW, PARAMS, BLS)).toBeUndefined();
    const slow = makeChain(steady(SEATS, 2), { interval: 100 * HOUR });
    expect(verifyParent(at(slow, 2), at(slow, 1), PARAMS, BLS)).toBeUndefined();
    expect(justAfter(slow)).toBeGreaterThan(at(slow, 1).header.time + PARAMS.trustingPeriod + SECOND);
  });
});

describe("what is not is refused", () => {
  test.each(CASES)("$name", (one) => {
    const rejection = one.run(verify);
    expect(rejection?.kind).toBe(one.kind);
    expect(rejection?.reason).toMatch(one.reason);
  });
});

test("any changed bit of a light block is seen, whichever of its parts it is in", () => {
  const bytes = LightBlock.serialize(at(CHAIN, 2));
  const isAccepted = (changed: Uint8Array): boolean => {
    let block: LightBlock;
    try {
      block = LightBlock.deserialize(changed);
    } catch {
      return false; // No light block any more.
    }
    return verifyAdjacent(at(CHAIN, 1), block, NOW, PARAMS, BLS) === undefined;
  };
  expect(isAccepted(bytes)).toBe(true);
  fc.assert(
    fc.property(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 7 }), (index, bit) => {
      const changed = Uint8Array.from(bytes);
      changed[index] = (changed[index] ?? 0) ^ (1 << bit);
      return !isAccepted(changed);
    }),
    { numRuns: 400 },
  );
});

test("a made-up key does sign for everyone where nobody asks for possession", () => {
  const block = rogueBlock(at(CHAIN, 5).header, SEATS);
  expect(verifyCommit(block.commit, block.validators, PARAMS, BLS)).toBeUndefined();
});

test("a set that is trusted by itself vouches for blocks before and after, and a made-up key for none", () => {
  const trusted = { height: 3, validators: at(CHAIN, 3).validators };
  const kindOf = (block: LightBlock) => verifyBySet(trusted, block, PARAMS, BLS)?.kind;
  for (const height of [2, 3, 4]) expect(kindOf(at(CHAIN, height))).toBeUndefined();
  expect(kindOf(rogueBlock(at(CHAIN, 5).header, SEATS))).toBe("unvouched");
  const { commit, ...rest } = at(CHAIN, 4);
  expect(kindOf({ ...rest, commit: at(CHAIN, 2).commit })).toBe("invalid");
  expect(kindOf({ ...rest, commit: { ...commit, signature: at(CHAIN, 2).commit.signature } })).toBe("invalid");
});

test.each([
  ["a short genesis root", { genesisRoot: new Uint8Array(31) }, /32 bytes/],
  ["a trust level below a third", { trustLevel: { numerator: 33n, denominator: 100n } }, /33\/100/],
  ["a trust level above 1", { trustLevel: { numerator: 4n, denominator: 3n } }, /4\/3/],
  ["a trust level without a whole", { trustLevel: { numerator: 1n, denominator: 0n } }, /1\/0/],
  ["no trusting period", { trustingPeriod: 0 }, /more than 0 ms/],
  ["a trusting period that is no number", { trustingPeriod: Number.NaN }, /NaN/],
  ["a negative drift", { clockDrift: -1 }, /at least 0 ms/],
])("parameters are checked: %s", (_, change, reason) => {
  expect(() => verify.checkLightParams({ ...PARAMS, ...change })).toThrow(reason);
  expect(() => verify.checkLightParams(PARAMS)).not.toThrow();
});
