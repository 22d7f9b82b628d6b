import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createOutputCache } from "../../node/output-cache.ts";
import { createPending, type Judgement } from "../../node/pending.ts";

/** Messages are texts; what each is worth stands in a table that the test changes between reviews. */
function setup(maxGood = 3) {
  const worth = new Map<string, Judgement | "fault">();
  const judged: string[] = [];
  const late: string[] = [];
  const faults: unknown[] = [];
  const judge = (value: string): Judgement => {
    judged.push(value);
    const found = worth.get(value) ?? "early";
    if (found === "fault") throw new Error("a bug in the check");
    return found;
  };
  const pending = createPending<string>({
    judge,
    isUsable: (value) => {
      if (worth.get(value) === "fault") throw new Error("a bug in the check");
      return worth.get(value) === "good";
    },
    sizeOf: (value) => value.length,
    onGood: (value) => `kept ${value}`.slice(5),
    onLate: (value) => void late.push(value),
    onFault: (error) => void faults.push(error),
    maxGood,
  });
  const add = (value: string, author = "a", from = "peer") => pending.add(value, author, from, value);
  return { pending, worth, judged, late, faults, add };
}

describe("pending messages", () => {
  test("are passed on when good, kept when early, held against the sender when wrong, each once", () => {
    const { add, worth, pending, judged } = setup();
    worth.set("g", "good").set("w", "wrong");
    expect([add("g"), add("e"), add("w"), add("g"), add("e")]).toEqual([
      "accept",
      "ignore",
      "reject",
      "ignore",
      "ignore",
    ]);
    expect([pending.good(), pending.count, judged]).toEqual([["g"], 1, ["g", "e", "w"]]);
  });

  test("become good when the state has moved on, and are then told to others; verified ones are not verified again", () => {
    const { add, worth, pending, late, judged } = setup();
    worth.set("g", "good");
    for (const value of ["g", "soon", "never"]) add(value);
    judged.length = 0;
    worth.set("soon", "good");
    pending.review();
    expect([pending.good(), late, judged]).toEqual([["g", "soon"], ["soon"], ["soon", "never"]]);
    worth.set("g", "early");
    pending.review();
    expect(pending.good()).toEqual(["soon"]);
    judged.length = 0;
    for (let i = 0; i < 5; i++) pending.review();
    expect(judged).toHaveLength(2); // "never" was given up after four reviews.
  });

  test("that wait take the room of the peer that sent them, whomever they name", () => {
    const { add, worth, pending } = setup(1000);
    for (let i = 0; i < 400; i++) add(`flood ${i}`, "honest author", "flooder");
    add("genuine", "honest author", "honest peer");
    for (let i = 0; i < 400; i++) worth.set(`flood ${i}`, "good");
    worth.set("genuine", "good");
    pending.review();
    expect([pending.count, pending.good().includes("genuine")]).toEqual([257, true]);
    // Their room is free again.
    for (let i = 400; i < 800; i++) add(`flood ${i}`, "honest author", "flooder");
    for (let i = 400; i < 800; i++) worth.set(`flood ${i}`, "good");
    pending.review();
    expect(pending.count).toBe(513);
  });

  test("that wait are bounded in bytes", () => {
    const { add, worth, pending } = setup(1000);
    const large = (i: number) => `${i}`.padEnd(100_000, "x");
    for (let i = 0; i < 20; i++) add(large(i));
    for (let i = 0; i < 20; i++) worth.set(large(i), "good");
    pending.review();
    expect(pending.count).toBe(5);
  });

  test("of one author give way to its later ones, and to nobody else's", () => {
    const { add, worth, pending } = setup(2);
    for (const value of ["1", "2", "3", "x"]) worth.set(value, "good");
    add("x", "b");
    for (const value of ["1", "2", "3"]) add(value, "a");
    expect(pending.good()).toEqual(["x", "2", "3"]);
  });

  test("that make a review throw are dropped with a word, and the others are reviewed all the same", () => {
    const { add, worth, pending, faults } = setup();
    worth.set("g", "good").set("h", "good");
    for (const value of ["g", "h", "early"]) add(value);
    worth.set("g", "fault").set("early", "fault");
    pending.review();
    expect([pending.good(), faults.length]).toEqual([["h"], 2]);
    expect(() => add("early")).toThrow("a bug"); // Whoever hands it in is answered, and logs it.
  });

  test("never exceed their bounds, whatever comes in whatever order", () => {
    const action = fc.record({ value: fc.nat(40), from: fc.nat(2), author: fc.nat(2), judgement: fc.nat(2) });
    fc.assert(
      fc.property(fc.array(fc.oneof(action, fc.constant("review" as const)), { maxLength: 200 }), (actions) => {
        const { add, worth, pending } = setup(2);
        for (const one of actions) {
          if (one === "review") pending.review();
          else {
            const id = `${one.value}/${one.author}`;
            worth.set(id, (["good", "early", "wrong"] as const)[one.judgement] ?? "wrong");
            add(id, `${one.author}`, `${one.from}`);
          }
          expect(pending.count).toBeLessThanOrEqual(6);
        }
        pending.review();
        for (const value of pending.good()) expect(worth.get(value)).toBe("good");
      }),
      { numRuns: 200 },
    );
  });
});

test("the output cache keeps its bound, and what is in it can't be put in twice", () => {
  const cache = createOutputCache(100);
  const root = (i: number) => new Uint8Array(32).fill(i);
  expect([cache.add(root(1), new Uint8Array(60)), cache.add(root(1), new Uint8Array(60))]).toEqual([true, false]);
  expect(cache.add(root(2), new Uint8Array(0))).toBe(false);
  cache.add(root(3), new Uint8Array(60));
  expect([cache.get(root(1)), cache.get(root(2)), cache.get(root(3))?.length]).toEqual([undefined, undefined, 60]);
});
