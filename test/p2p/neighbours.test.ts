import fc from "fast-check";
import { expect, test } from "vitest";
import { createNeighbours, MAX_ANNOUNCEMENT_BYTES, type Neighbours, SILENCE_MS } from "../../p2p/neighbours.ts";

interface Options {
  readonly isTrusted?: (peer: string) => boolean;
  readonly now?: () => number;
}

function neighboursOf(self: string, { isTrusted = () => true, now = () => 0 }: Options = {}): Neighbours {
  const neighbours = createNeighbours({ self, isTrusted, now });
  for (const peer of ["b", "c", "d"]) neighbours.heard(peer);
  return neighbours;
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

test("a mesh is announced when it changes, and understood by others", () => {
  const a = neighboursOf("a");
  const b = neighboursOf("b");
  const announcement = a.announcement(["c", "b"]) ?? new Uint8Array();
  expect(a.announcement(["b", "c"])).toBeUndefined();
  expect(b.covers("a", ["a", "c"])).toBe(false);
  expect(b.hear("a", announcement)).toBe("ignore");
  expect(b.covers("a", ["a", "c"])).toBe(true);
  expect(b.covers("a", [])).toBe(true);
  expect(b.covers("a", ["c", "d"])).toBe(false);
  expect(b.covers("c", ["a"])).toBe(false);
  expect(b.hear("a", a.announcement(["b"]) ?? new Uint8Array())).toBe("ignore");
  expect(b.covers("a", ["c"])).toBe(false);
});

test("what has not changed is announced again after a while, lest the link seem dead", () => {
  let now = 0;
  const a = neighboursOf("a", { now: () => now });
  const [first, none] = [a.announcement(["b"]), a.announcement(["b"])];
  now += SILENCE_MS / 3;
  expect([none, a.announcement(["b"])]).toEqual([undefined, first]);
});

test("a peer of which nothing is heard does not count as reached, until it is heard again", () => {
  let now = 0;
  const a = neighboursOf("a", { now: () => now });
  const b = neighboursOf("b");
  const announce = (): void => void b.hear("a", a.announcement(["b", "c"]) ?? new Uint8Array());
  announce();
  expect(b.covers("a", ["c"])).toBe(true);
  now += SILENCE_MS;
  a.heard("b");
  announce();
  expect(b.covers("a", ["c"])).toBe(false);
  a.heard("c");
  announce();
  expect(b.covers("a", ["c"])).toBe(true);
});

test("a peer that left has no claims", () => {
  const b = neighboursOf("b");
  b.hear("a", text("a\nc"));
  b.forget("a");
  expect(b.covers("a", ["c"])).toBe(false);
});

test("the claims of peers that are not configured are heard and not believed", () => {
  const b = neighboursOf("b", { isTrusted: (peer) => peer !== "stranger" });
  expect(b.hear("stranger", text("stranger\nc"))).toBe("ignore");
  expect(b.covers("stranger", ["c"])).toBe(false);
});

test("claims in another's name, too many and too long ones are rejected and change nothing", () => {
  const b = neighboursOf("b");
  b.hear("a", text("a\nc"));
  for (const bad of [
    text("c\nd"),
    text(""),
    new Uint8Array(MAX_ANNOUNCEMENT_BYTES + 1),
    text(["a", ...Array.from({ length: 65 }, (_, i) => `p${i}`)].join("\n")),
    Uint8Array.of(0xff, 0xfe),
  ]) {
    expect(b.hear("a", bad)).toBe("reject");
  }
  expect(b.covers("a", ["c"])).toBe(true);
  expect(b.covers("a", ["d"])).toBe(false);
});

test("no bytes make it throw or accept", () => {
  const b = neighboursOf("b");
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => b.hear("a", bytes) !== "accept"));
});
