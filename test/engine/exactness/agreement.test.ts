import { expect, test } from "vitest";
import { compare, runOf, samples } from "./agreement.ts";
import { build, CODES, intAttribute, op } from "./graphs.ts";

test("what the checker accepts gives equal bytes natively and in WebAssembly", async () => {
  const accepted = samples(1, 160).filter((sample) => sample.accepted);
  expect(accepted.length).toBeGreaterThan(60);
  const { compared, different } = await compare(accepted);
  expect(different).toEqual([]);
  expect(compared).toBeGreaterThan(3.5 * accepted.length);
});

test("the comparison sees a difference where there is one", async () => {
  // float to int32 to uint8: the optimiser makes one conversion of the two, and -3 has no place in uint8.
  const model = build({
    nodes: [
      op("Cast", ["x"], ["i"], intAttribute("to", CODES.i32)),
      op("Cast", ["i"], ["y"], intAttribute("to", CODES.u8)),
    ],
    outputs: [{ name: "y", dtype: CODES.u8, shape: [1, 4] }],
  });
  const { compared, different } = await compare([
    { accepted: false, operators: [], runs: [runOf(model, [-3, 1, 2, 3])] },
  ]);
  expect(compared).toBe(1);
  expect(different).toEqual([{ operators: [], outputs: [{ y: "fd010203" }, { y: "00010203" }] }]);
});
