import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson } from "../../genesis/canonical-json.ts";
import { genesisRoot } from "../../genesis/root.ts";

test.each<[unknown, string]>([
  [null, "null"],
  [{ b: 1, a: [true, false, null] }, '{"a":[true,false,null],"b":1}'],
  [{}, "{}"],
  [[], "[]"],
  ['"\\\n\u0001é€😀', '"\\"\\\\\\n\\u0001é€😀"'],
  // RFC 8785, 3.2.3: sorted by UTF-16 code units, so that U+1F600 (a surrogate pair) comes before U+FB33.
  [
    { "\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\u{1f600}": 5, "\u0080": 6, "\u00f6": 7 },
    '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}',
  ],
  [{ z: { y: 1, x: { b: 2, a: 1 } } }, '{"z":{"x":{"a":1,"b":2},"y":1}}'],
  [[9007199254740991, -1, 0], "[9007199254740991,-1,0]"],
])("%j", (value, text) => {
  expect(canonicalJson(value)).toBe(text);
});

test.each<[string, unknown, string]>([
  ["a fraction", { a: [1, 0.5] }, "the number 0.5 at a[1]"],
  ["a number beyond 2^53", { a: 2 ** 53 }, "at a"],
  ["NaN", Number.NaN, "the number NaN at the top"],
  ["minus zero", [-0], "at [0]"],
  ["undefined", { a: { b: undefined } }, "undefined at a.b"],
  ["a bigint", 1n, "bigint"],
  ["half a surrogate pair", ["\ud800"], "surrogate"],
  ["half a surrogate pair as a key", { "\udc00": 1 }, "surrogate"],
])("none for %s", (_, value, message) => {
  expect(() => canonicalJson(value)).toThrow(message);
});

test("nesting is bounded", () => {
  let deep: unknown = 1;
  for (let i = 0; i < 10_000; i++) deep = [deep];
  expect(() => canonicalJson(deep)).toThrow("more than 64 levels");
});

/** The same value with the keys of every object in another order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]) => [key, reversed(item)]),
  );
}

const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false),
    fc.string({ unit: "grapheme" }),
    fc.maxSafeInteger().map((n) => n + 0),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.string({ unit: "grapheme" }), tie("value"), { maxKeys: 4 }),
  ),
})).value;

test("reads back as the same value, whatever the order of keys, and names it", () => {
  fc.assert(
    fc.property(json, (value) => {
      const text = canonicalJson(value);
      expect(JSON.parse(text)).toEqual(value);
      expect(canonicalJson(reversed(value))).toBe(text);
      expect(genesisRoot(reversed(value))).toEqual(genesisRoot(JSON.parse(text)));
    }),
  );
});

test("the root is the SHA-256 of the text", () => {
  // SHA-256 of "{}".
  expect(Buffer.from(genesisRoot({})).toString("hex")).toBe(
    "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
  );
  expect(genesisRoot({ a: 1 })).not.toEqual(genesisRoot({ a: 2 }));
});
