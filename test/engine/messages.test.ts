import { expect, test } from "vitest";
import { toHex } from "../../chain/bytes.ts";
import { canonicalEngineId } from "../../node/engine/engine-id.ts";
import { parseReply } from "../../node/engine/messages.ts";
import { ANY_LENGTH, mismatch } from "../../node/engine/model-spec.ts";

test.each([
  [{ kind: "ready" }],
  [{ kind: "loaded" }],
  [{ kind: "unfit", reason: "r" }],
  [{ kind: "outputs", outputs: [{ dtype: 1, shape: [1, 2] }] }],
  [{ kind: "inspected", outputs: [{ name: "y", shape: [-1] }] }],
  [{ kind: "failed", failure: "memory", reason: "r" }],
] as const)("%j is a reply", (message) => {
  expect(parseReply(message)).toEqual(message);
});

test.each([
  [null],
  ["ready"],
  [{ kind: "gone" }],
  [{ kind: "unfit" }],
  [{ kind: "outputs", outputs: [{ dtype: "1", shape: [] }] }],
  [{ kind: "outputs", outputs: [{ dtype: 1, shape: [0.5] }] }],
  [{ kind: "outputs", outputs: "none" }],
  [{ kind: "inspected", outputs: [{ shape: [] }] }],
  [{ kind: "failed", failure: "hardware", reason: "r" }],
])("%j is none", (message) => {
  expect(parseReply(message)).toBeUndefined();
});

test("a long reason is cut", () => {
  const reply = parseReply({ kind: "unfit", reason: "x".repeat(100_000) });
  expect(reply?.kind === "unfit" ? reply.reason.length : 0).toBe(1025);
});

/** Changing this constant makes another chain: every model in state names it. */
test("the identity of the canonical engine", () => {
  expect(toHex(canonicalEngineId())).toBe("e7ded6439c57d72f50ab603e48b57f2877863e2f1f210cbc73e81b3eba649b5a");
});

const spec = { name: "x", dtype: 1, shape: [ANY_LENGTH, 2] };
const data = new Uint8Array(16);

test.each([
  ["as declared", [{ dtype: 1, shape: [2, 2], data }], undefined],
  ["of any length, none too", [{ dtype: 1, shape: [0, 2], data: new Uint8Array(0) }], undefined],
  ["too few", [], "0 tensors, 1 declared"],
  ["of another dtype", [{ dtype: 6, shape: [2, 2], data }], "x: dtype 6, declared 1"],
  ["of an unknown dtype", [{ dtype: 8, shape: [2, 2], data }], "x: unknown dtype 8"],
  ["of another rank", [{ dtype: 1, shape: [4], data }], "x: rank 1, declared 2, at most 8"],
  ["of another length", [{ dtype: 1, shape: [1, 4], data }], "x: length 4 of axis 1, declared 2"],
  ["with too little data", [{ dtype: 1, shape: [3, 2], data }], "x: 16 bytes of data, 24 in the shape"],
  ["too large", [{ dtype: 1, shape: [2 ** 40, 2], data }], "x: 8796093022208 bytes, at most 16777216"],
  ["of a length that is none", [{ dtype: 1, shape: [-2, 2], data }], "x: length -2 of axis 0"],
])("tensors %s", (_name, tensors, expected) => {
  expect(mismatch([spec], tensors)).toBe(expected);
});
