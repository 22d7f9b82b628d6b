import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_CONDITIONS, MAX_QUERY_LENGTH, parseQuery, QuerySyntaxError } from "../../node/rpc/query-language.ts";
import { compareNumbers, matchesQuery } from "../../node/rpc/query-match.ts";

describe("what clients send", () => {
  test.each([
    ["tm.event='NewBlock'", [["tm.event", "=", "NewBlock", false]]],
    ["tm.event = 'NewBlock'", [["tm.event", "=", "NewBlock", false]]],
    ["tx.height=5", [["tx.height", "=", "5", true]]],
    ["tx.height='5'", [["tx.height", "=", "5", false]]],
    ["block.height >= 1", [["block.height", ">=", "1", true]]],
    ["block.height>'1'", [["block.height", ">", "1", true]]],
    ["a.b EXISTS", [["a.b", "EXISTS", "", false]]],
    ["a.b exists", [["a.b", "EXISTS", "", false]]],
    ["a.b CONTAINS 'x AND y'", [["a.b", "CONTAINS", "x AND y", false]]],
    ["transfer.amount < -1.5", [["transfer.amount", "<", "-1.5", true]]],
    ["message.action='/cosmos.bank.v1beta1.MsgSend'", [["message.action", "=", "/cosmos.bank.v1beta1.MsgSend", false]]],
    ["a.b=''", [["a.b", "=", "", false]]],
    [
      "tm.event='Tx' AND tx.hash='AB' AND tx.height<=9",
      [
        ["tm.event", "=", "Tx", false],
        ["tx.hash", "=", "AB", false],
        ["tx.height", "<=", "9", true],
      ],
    ],
  ])("%s", (query, expected) => {
    expect(parseQuery(query).map(({ key, op, value, number }) => [key, op, value, number])).toEqual(expected);
  });
});

describe("what is not in the language", () => {
  test.each([
    ["", "at character 0: a key such as tm.event is expected, found the end"],
    ["tm.event", "at character 8: an operator (= < <= > >= CONTAINS EXISTS) is expected, found the end"],
    ["tm.event=", "at character 9: a text in single quotes or a number is expected, found the end"],
    ["tm.event='NewBlock", 'at character 9: a text in single quotes or a number is expected, found "\'NewBlock"'],
    ["tm.event=NewBlock", 'at character 9: a text in single quotes or a number is expected, found "NewBlock"'],
    ["a.b='1' OR c.d='2'", "at character 8: AND or the end is expected, found \"OR c.d='2'\""],
    ["a.b='1' AND", "at character 11: a key such as tm.event is expected, found the end"],
    ["a.b CONTAINS 5", 'at character 13: a text in single quotes is expected, found "5"'],
    ["a.b > 'x'", "at character 9: after > a number is expected, found the end"],
    ["a.b MATCHES 'x'", "at character 4: an operator (= < <= > >= CONTAINS EXISTS) is expected, found \"MATCHES 'x'\""],
    ["(a.b='1')", "at character 0: a key such as tm.event is expected, found \"(a.b='1')\""],
  ])("%j", (query, message) => {
    expect(() => parseQuery(query)).toThrow(QuerySyntaxError);
    expect(() => parseQuery(query)).toThrow(message);
  });

  test("too long, too many conditions, a number too long", () => {
    expect(() => parseQuery("a".repeat(MAX_QUERY_LENGTH + 1))).toThrow(`at most ${MAX_QUERY_LENGTH} characters`);
    const most = Array.from({ length: MAX_CONDITIONS }, () => "a.b=1");
    expect(parseQuery(most.join(" AND "))).toHaveLength(MAX_CONDITIONS);
    expect(() => parseQuery([...most, "a.b=1"].join(" AND "))).toThrow(`at most ${MAX_CONDITIONS} conditions`);
    expect(() => parseQuery(`a.b=${"9".repeat(79)}`)).toThrow("at most 78 characters");
  });
});

const pieces = fc.array(
  fc.constantFrom(
    "tm.event",
    "a.b",
    "=",
    "<=",
    ">",
    " ",
    "AND",
    "EXISTS",
    "CONTAINS",
    "'x'",
    "'",
    "5",
    "-1.5",
    "OR",
    "(",
    "\\",
  ),
  { maxLength: 20 },
);

test("throws nothing but its own error, whatever the text", () => {
  const throwsOnlyItsOwn = (text: string) => {
    try {
      parseQuery(text);
    } catch (error) {
      if (!(error instanceof QuerySyntaxError)) throw error;
    }
  };
  fc.assert(fc.property(fc.oneof(fc.string(), fc.string({ unit: "binary" })), throwsOnlyItsOwn));
  fc.assert(
    fc.property(pieces, (parts) => throwsOnlyItsOwn(parts.join(""))),
    { numRuns: 500 },
  );
});

const text = fc.string().filter((value) => !value.includes("'"));
const condition = fc.oneof(
  fc.record({ op: fc.constant("=" as const), value: text, number: fc.constant(false) }),
  fc.record({ op: fc.constant("CONTAINS" as const), value: text, number: fc.constant(false) }),
  fc.record({ op: fc.constant("EXISTS" as const), value: fc.constant(""), number: fc.constant(false) }),
  fc.record({
    op: fc.constantFrom("=" as const, "<" as const, ">=" as const),
    value: fc.integer().map(String),
    number: fc.constant(true),
  }),
);

test("a query that is written out parses to itself", () => {
  fc.assert(
    fc.property(fc.array(condition, { minLength: 1, maxLength: 8 }), (conditions) => {
      const keyed = conditions.map((one, i) => ({ key: `k.a${i}`, ...one }));
      const written = keyed
        .map(({ key, op, value, number }) => `${key} ${op} ${op === "EXISTS" ? "" : number ? value : `'${value}'`}`)
        .join(" AND ");
      fc.pre(written.length <= MAX_QUERY_LENGTH);
      expect(parseQuery(written)).toEqual(keyed);
    }),
  );
});

describe("matching", () => {
  const events = new Map([
    ["tm.event", ["Tx"]],
    ["transfer.amount", ["5uassay", "90071992547409931uassay"]],
    ["message.action", ["/cosmos.bank.v1beta1.MsgSend"]],
  ]);
  test.each([
    ["tm.event='Tx'", true],
    ["tm.event='NewBlock'", false],
    ["absent.key='Tx'", false],
    ["absent.key EXISTS", false],
    ["transfer.amount EXISTS", true],
    ["transfer.amount=5", true],
    ["transfer.amount='5'", false],
    ["transfer.amount > 90071992547409930", true], // Beyond what a double tells apart.
    ["transfer.amount > 90071992547409931", false],
    ["transfer.amount < 5", false],
    ["transfer.amount <= 5.0", true],
    ["message.action > 1", false],
    ["message.action CONTAINS 'bank'", true],
    ["message.action CONTAINS 'gov'", false],
    ["tm.event='Tx' AND transfer.amount=6", false],
  ])("%s is %s", (query, expected) => {
    expect(matchesQuery(parseQuery(query), events)).toBe(expected);
  });

  test("numbers compare as numbers", () => {
    expect(compareNumbers("10", "9")).toBe(1);
    expect(compareNumbers("-2", "-1.5")).toBe(-1);
    expect(compareNumbers("1.50", "1.5")).toBe(0);
    expect(compareNumbers("x1", "1")).toBe(undefined);
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }),
        fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }),
        (a, b) => {
          expect(compareNumbers(String(a), `${b}uassay`)).toBe(a < b ? -1 : a > b ? 1 : 0);
        },
      ),
    );
  });
});
