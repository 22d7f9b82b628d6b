import * as fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalizeNan } from "../../node/engine/canonical-nan.ts";

test.each([
  ["quiet, negative", 0xffc00000, 0x7fc00000],
  ["signalling", 0x7f800001, 0x7fc00000],
  ["with payload", 0xffffffff, 0x7fc00000],
  ["infinity stays", 0x7f800000, 0x7f800000],
  ["-infinity stays", 0xff800000, 0xff800000],
  ["-0 stays", 0x80000000, 0x80000000],
  ["a denormal stays", 0x00000001, 0x00000001],
])("float32: %s", (_name, bits, expected) => {
  const words = Uint32Array.of(0x3f800000, bits, 0x3f800000);
  canonicalizeNan(new Float32Array(words.buffer));
  expect([...words]).toEqual([0x3f800000, expected, 0x3f800000]);
});

test.each([
  ["negative quiet", 0xfff8000000000000n, 0x7ff8000000000000n],
  ["payload in the low word only", 0x7ff0000000000001n, 0x7ff8000000000000n],
  ["payload in the high word only", 0xfff0000100000000n, 0x7ff8000000000000n],
  ["infinity stays", 0x7ff0000000000000n, 0x7ff0000000000000n],
  ["-infinity stays", 0xfff0000000000000n, 0xfff0000000000000n],
])("float64: %s", (_name, bits, expected) => {
  const words = BigUint64Array.of(bits);
  canonicalizeNan(new Float64Array(words.buffer));
  expect(words[0]).toBe(expected);
});

test("exactly the NaNs change, of any pattern, at any offset into a buffer", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 0xffffffff })), (patterns) => {
      const words = Uint32Array.of(0xffffffff, ...patterns);
      const floats = new Float32Array(words.buffer, 4);
      const expected = patterns.map((bits, i) => (Number.isNaN(floats[i]) ? 0x7fc00000 : bits));
      canonicalizeNan(floats);
      expect([...words]).toEqual([0xffffffff, ...expected]);
    }),
  );
});
