import { expect, test } from "vitest";
import { type AttackedHeight, checkLightClientAttack } from "../../chain/light-client-attack.ts";
import type { LightBlock } from "../../chain/types/light-block.ts";
import { attackEvidence } from "../../consensus/light/attack-evidence.ts";
import { lightBlockId } from "../../consensus/light/verify.ts";
import { rogueBlock } from "./cases.ts";
import { at, BLS, makeChain, PARAMS, type Seat, steady } from "./chain-maker.ts";

const SEATS: readonly Seat[] = [
  [1, 10],
  [2, 10],
  [3, 10],
];
const CHAIN = makeChain(steady(SEATS, 6));
const BEFORE = CHAIN.slice(0, 4);

/** What the chain knows of one of its blocks. */
function attacked(chain: readonly LightBlock[], height: number): AttackedHeight {
  const block = at(chain, height);
  const { validatorsRoot, paramsRoot, parentId } = block.header;
  const signers = block.validators.flatMap((_, index) => (block.commit.signers.get(index) ? [index] : []));
  const { validators, commit } = block;
  const parentTime = at(chain, height - 1).header.time;
  return {
    validators,
    validatorsRoot,
    paramsRoot,
    parentId,
    parentTime,
    blockId: lightBlockId(block),
    round: commit.round,
    signers,
  };
}

function judged(conflicting: LightBlock) {
  const trusted = at(CHAIN, conflicting.header.height);
  const evidence = attackEvidence({ commonHeight: 4, trusted, conflicting });
  if (evidence === undefined) return undefined;
  return checkLightClientAttack(evidence, attacked(CHAIN, conflicting.header.height), PARAMS, BLS);
}

test("the chain takes it: an equivocation of those who signed both", () => {
  const fork = makeChain([{ seats: SEATS }], { base: BEFORE, salt: 1 });
  expect(judged(at(fork, 5))).toMatchObject({ kind: "equivocation", guilty: [0, 1, 2] });
});

test("members are found in the chain's own set, where they stand in another order", () => {
  const fork = makeChain(
    [
      {
        seats: [
          [3, 10],
          [2, 10],
          [1, 10],
        ],
        signers: [3, 2, 1],
      },
    ],
    { base: BEFORE, salt: 1 },
  );
  expect(judged(at(fork, 5))).toMatchObject({ kind: "lunatic", guilty: [0, 1, 2] });
  const some = makeChain(
    [
      {
        seats: [
          [3, 10],
          [2, 10],
        ],
      },
    ],
    { base: BEFORE, salt: 1 },
  );
  expect(judged(at(some, 5))).toMatchObject({ kind: "lunatic", guilty: [1, 2] });
});

test("nobody is accused by a key that the chain does not know", () => {
  const strangers = makeChain([{ seats: [...SEATS, [9, 1]] }], { base: BEFORE, salt: 1 });
  expect(judged(at(strangers, 5))).toBeUndefined();
  const header = { ...at(CHAIN, 5).header, stateRoot: new Uint8Array(32) };
  expect(judged(rogueBlock(header, SEATS))).toBeUndefined();
});
