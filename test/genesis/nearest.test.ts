import { expect, test } from "vitest";
import { didYouMean, nearest } from "../../genesis/nearest.ts";

test.each<[string, string | undefined]>([
  ["strat", "start"],
  ["Start", "start"],
  ["localent", "localnet"],
  ["key", "keys"],
  ["wholly different", undefined],
  ["", undefined],
])("%s means %s", (word, meant) => {
  expect(nearest(word, ["init", "start", "localnet", "keys"])).toBe(meant);
});

test("the first of equals, and nothing to say where nothing is near", () => {
  expect(nearest("cat", ["bat", "hat"])).toBe("bat");
  expect(didYouMean("cat", ["bat"])).toBe(' (did you mean "bat"?)');
  expect(didYouMean("cat", [])).toBe("");
});

test("a word of a million letters costs no more than one of 64", () => {
  expect(nearest("x".repeat(1_000_000), ["start"])).toBeUndefined();
});
