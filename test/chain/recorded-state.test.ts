import { ContainerType, ListBasicType } from "@chainsafe/ssz";
import { describe, expect, it, test } from "vitest";
import {
  checkRecorded,
  isRecorded,
  recordedEntries,
  restoreRecorded,
  stateDifference,
} from "../../chain/recorded-state.ts";
import { Uint64, UintBn128 } from "../../chain/types/primitives.ts";
import { bytesKey, collection, storedTypes } from "../../state/collections.ts";
import { createOverlay } from "../../state/overlay.ts";
import type { StateReader } from "../../state/store.ts";

const EMPTY: StateReader = { get: () => undefined, iterate: () => [] };
const Thing = new ContainerType({ amount: UintBn128, heights: new ListBasicType(Uint64, 4) }, { typeName: "Thing" });
const things = collection("bank", 0, bytesKey(2), Thing);
const stored = storedTypes({ things, Thing, other: 7 });

function sample(): StateReader {
  const overlay = createOverlay(EMPTY);
  things.set(overlay, Uint8Array.of(1, 2), { amount: 2n ** 100n, heights: [1, 2] });
  things.set(overlay, Uint8Array.of(0, 9), { amount: 0n, heights: [] });
  return overlay;
}

const section = () => ({ state: { things: [...recordedEntries(sample(), things)] } });

test("a state comes back as it was, through JSON", () => {
  const read: unknown = JSON.parse(JSON.stringify(section()));
  if (!isRecorded(read)) throw new Error("a recorded section");
  const faults: string[] = [];
  checkRecorded(read, stored, (path) => faults.push(path));
  expect(faults).toEqual([]);
  const overlay = createOverlay(EMPTY);
  restoreRecorded(overlay, read, stored);
  expect(stateDifference(sample(), overlay, stored)).toBeUndefined();
  expect(stateDifference(sample(), EMPTY, stored)).toBe("things: 2 entries, 0");
  things.set(overlay, Uint8Array.of(1, 2), { amount: 1n, heights: [] });
  expect(stateDifference(sample(), overlay, stored)).toContain("differ");
});

describe("a section is refused, with the path of", () => {
  const value = { amount: "5", heights: ["1"] };
  it.each<[string, unknown, string]>([
    ["an unknown part", { nothings: [] }, "state.nothings"],
    ["what is no list", { things: {} }, "state.things"],
    ["an entry that is no pair", { things: [["0102"]] }, "state.things[0]"],
    ["a key in upper case", { things: [["0A02", value]] }, "state.things[0][0]"],
    [
      "a key twice",
      {
        things: [
          ["0102", value],
          ["0102", value],
        ],
      },
      "state.things[1][0]",
    ],
    [
      "keys out of order",
      {
        things: [
          ["0202", value],
          ["0102", value],
        ],
      },
      "state.things[1][0]",
    ],
    ["a missing field", { things: [["0102", { amount: "5" }]] }, "state.things[0][1]"],
    ["a negative amount", { things: [["0102", { ...value, amount: "-5" }]] }, "state.things[0][1]"],
    [
      "an amount that does not fit",
      { things: [["0102", { ...value, amount: String(2n ** 128n) }]] },
      "state.things[0][1]",
    ],
    ["an unknown field", { things: [["0102", { ...value, more: 1 }]] }, "state.things[0][1]"],
    ["too long a list", { things: [["0102", { ...value, heights: ["1", "2", "3", "4", "5"] }]] }, "state.things[0][1]"],
  ])("%s", (_, state, path) => {
    const read = { state };
    if (!isRecorded(read)) throw new Error("a recorded section");
    const faults: string[] = [];
    checkRecorded(read, stored, (at) => faults.push(at));
    expect(faults[0]).toBe(path);
  });
});
