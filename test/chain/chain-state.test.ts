import { expect, test } from "vitest";
import {
  pruneHeights,
  readHeight,
  readRotation,
  readValidators,
  writeHeight,
  writeRotation,
} from "../../chain/executor/chain-state.ts";
import { initialRotation } from "../../chain/proposer-rotation.ts";
import { ZERO_32 } from "../../chain/types/primitives.ts";
import { ValidatorSet } from "../../chain/types/validator.ts";
import { createOverlay } from "../../state/overlay.ts";
import { VALIDATORS } from "./toy-chain.ts";

const SETS = { all: VALIDATORS, three: VALIDATORS.slice(0, 3), two: VALIDATORS.slice(0, 2) };
type Name = keyof typeof SETS;

/** A state in which these sets voted, one a height from 1 on, a second apart. */
function history(names: readonly Name[]) {
  const state = createOverlay({ get: () => undefined, iterate: () => [] });
  writeRotation(state, 0, initialRotation(SETS[names[0] ?? "all"]));
  for (const [index, name] of names.entries()) {
    const height = index + 1;
    writeHeight(state, height, {
      time: height * 1000,
      validatorsRoot: ValidatorSet.hashTreeRoot([...SETS[name]]),
      paramsRoot: ZERO_32,
    });
    writeRotation(state, height, initialRotation(SETS[names[height] ?? name]));
  }
  return state;
}

const heightsOf = (state: ReturnType<typeof history>): number[] =>
  Array.from({ length: 12 }, (_, height) => height).filter((height) => readHeight(state, height) !== undefined);

test("the set of each height is known, however often sets come and go", () => {
  const names: Name[] = ["all", "all", "three", "all", "two", "two"];
  const state = history(names);
  for (const [index, name] of names.entries()) expect(readValidators(state, index + 1)).toEqual(SETS[name]);
  expect(readValidators(state, 7)).toBeUndefined();
  expect(readRotation(state).validators).toEqual(SETS.two);
});

test("priorities are signed", () => {
  const state = history(["all"]);
  const rotation = { validators: VALIDATORS, priorities: [-30n, 10n, 10n, 10n] };
  writeRotation(state, 1, rotation);
  expect(readRotation(state)).toEqual(rotation);
});

test("a height is forgotten when it is older than both limits, and so many at once", () => {
  const state = history(["all", "all", "all", "all", "all", "all"]);
  pruneHeights(state, 100, { height: 5, time: 3000 }, 10);
  expect(heightsOf(state)).toEqual([3, 4, 5, 6]); // 3 and 4 are old by number, not by time.
  pruneHeights(state, 100, { height: 4, time: 9000 }, 10);
  expect(heightsOf(state)).toEqual([4, 5, 6]); // 4 to 6 are old by time, not by number.
  pruneHeights(state, 100, { height: 7, time: 9000 }, 2);
  expect(heightsOf(state)).toEqual([6]);
  pruneHeights(state, 100, { height: -5, time: 9000 }, 2);
  expect(heightsOf(state)).toEqual([6]);
});

test("a set goes with the last height it voted at, but not one that has come back or still votes", () => {
  const gone = history(["three", "all", "all"]);
  const root = ValidatorSet.hashTreeRoot([...SETS.three]);
  const before = [...gone.changes()].length;
  pruneHeights(gone, 100, { height: 2, time: 9000 }, 10);
  expect(readHeight(gone, 1)).toBeUndefined();
  expect(gone.changes().filter(([, value]) => value === undefined)).toHaveLength(2); // The height and its set.
  expect(gone.changes()).toHaveLength(before);

  const back = history(["three", "all", "three"]);
  pruneHeights(back, 100, { height: 2, time: 9000 }, 10);
  expect(readHeight(back, 3)?.validatorsRoot).toEqual(root);
  expect(readValidators(back, 3)).toEqual(SETS.three);
  expect(readRotation(back).validators).toEqual(SETS.three);

  const left = history(["three", "all", "three", "all"]);
  pruneHeights(left, 100, { height: 3, time: 9000 }, 10);
  expect(readValidators(left, 3)).toEqual(SETS.three);
});
