import fc from "fast-check";
import { expect, test } from "vitest";
import { fromHex, utf8 } from "../../chain/bytes.ts";
import { compress, decompress, maxCompressedLength } from "../../p2p/snappy.ts";

const LIMIT = 1 << 20;

// From the format description: a literal, and copies with one, two and four bytes of offset.
test.each([
  ["00", ""],
  ["0b2868656c6c6f20776f726c64", "hello world"],
  ["0a08616263 0d03", "abcabcabca"],
  ["0a08616263 1a0300", "abcabcabca"],
  ["0a08616263 1b03000000", "abcabcabca"],
  ["06f00568656c6c6f21", "hello!"],
  ["06fc0500000068656c6c6f21", "hello!"],
])("%s is %j", (hex, text) => {
  expect(decompress(fromHex(hex.replaceAll(" ", "")), LIMIT)).toEqual(utf8(text));
});

test.each([
  ["no header", ""],
  ["a header that does not end", "8080808080"],
  ["a header over 32 bits", "ffffffff7f"],
  ["a shorter body than claimed", "0b0868656c"],
  ["a longer body than claimed", "02086865 6c"],
  ["a literal that reaches past the input", "0b2868656c6c6f"],
  ["a literal length that is cut off", "0bf4"],
  ["a literal of 2^32 - 5 bytes, on which some decoders turn back", "0afcfaffffff000000"],
  ["a copy of offset 0", "0a086162630d00"],
  ["a copy from before the start", "0a086162630d04"],
  ["a copy with a negative offset", "0a086162631bfdffffff"],
  ["a copy past the end", "0408616263 1d03"],
  ["a copy that is cut off", "0a0861626312"],
  ["nothing after the header", "05"],
])("%s is malformed", (_, hex) => {
  expect(decompress(fromHex(hex.replaceAll(" ", "")), LIMIT)).toBe("malformed");
});

test("whatever is compressed comes back", () => {
  const data = fc.oneof(
    fc.uint8Array({ maxLength: 2000 }),
    fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 4000 })).map(([unit, times]) => {
      const repeated = new Uint8Array(unit.length * times);
      for (let i = 0; i < times; i++) repeated.set(unit, i * unit.length);
      return repeated;
    }),
  );
  fc.assert(
    fc.property(data, (bytes) => {
      const packed = compress(bytes);
      expect(packed.length).toBeLessThanOrEqual(maxCompressedLength(bytes.length));
      expect(decompress(packed, bytes.length)).toEqual(bytes);
      if (bytes.length > 0) expect(decompress(packed, bytes.length - 1)).toBe("oversize");
    }),
    { numRuns: 150 },
  );
});

test("a bomb is refused by its header: a gibibyte claimed in seven bytes", () => {
  expect(decompress(Uint8Array.of(0x80, 0x80, 0x80, 0x04, 0xfe, 1, 0), LIMIT)).toBe("oversize");
});

test("an input longer than any encoding of the bound is refused, whatever its header says", () => {
  expect(decompress(new Uint8Array(maxCompressedLength(100) + 1), 100)).toBe("oversize");
});

test("mutated and random input never throws and never exceeds the bound", () => {
  const packed = compress(utf8("the quick brown fox ".repeat(40)));
  const mutated = fc
    .array(fc.tuple(fc.nat(packed.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 })
    .map((changes) => {
      const copy = Uint8Array.from(packed);
      for (const [at, value] of changes) copy[at] = value;
      return copy;
    });
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 300 })), (input) => {
      const output = decompress(input, 1000);
      if (typeof output !== "string") expect(output.length).toBeLessThanOrEqual(1000);
    }),
    { numRuns: 2000 },
  );
});
