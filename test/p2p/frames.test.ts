import fc from "fast-check";
import { expect, test } from "vitest";
import { concatBytes } from "../../chain/bytes.ts";
import { createFrameReader, encodeFrame } from "../../p2p/frames.ts";

test("frames come out whole however the stream is cut", () => {
  const frames = fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 8 });
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 40 }), (bodies, cuts) => {
      const stream = concatBytes(...bodies.map((body) => encodeFrame(body)));
      const reader = createFrameReader(400);
      const read: Uint8Array[] = [];
      for (let at = 0, i = 0; at < stream.length; i++) {
        const end = at + (cuts[i % cuts.length] ?? 1);
        const result = reader.push(stream.subarray(at, end));
        if (typeof result === "string") throw new Error(result);
        read.push(...result);
        at = end;
      }
      expect(read.map((body) => [...body])).toEqual(bodies.map((body) => [...body]));
      expect(reader.partial).toBe(false);
    }),
  );
});

test("a list of chunks is read like one", () => {
  const reader = createFrameReader(10);
  expect(reader.push([Uint8Array.of(3, 1), Uint8Array.of(2), Uint8Array.of(3, 0)])).toEqual([
    Uint8Array.of(1, 2, 3),
    new Uint8Array(),
  ]);
});

test("the bound is exact, and is judged by the prefix alone", () => {
  expect(createFrameReader(200).push(encodeFrame(new Uint8Array(200)))).toHaveLength(1);
  expect(createFrameReader(199).push(encodeFrame(new Uint8Array(200)).subarray(0, 2))).toBe("oversize");
});

test("a prefix of more than four bytes is malformed, and stays so", () => {
  const reader = createFrameReader(1000);
  expect(reader.push(Uint8Array.of(0x80, 0x80, 0x80))).toEqual([]);
  expect(reader.push(Uint8Array.of(0x80))).toBe("malformed");
  expect(reader.push(encodeFrame(Uint8Array.of(1)))).toBe("malformed");
});

test("an unfinished frame is seen", () => {
  const reader = createFrameReader(10);
  reader.push(Uint8Array.of(5, 1));
  expect(reader.partial).toBe(true);
});
