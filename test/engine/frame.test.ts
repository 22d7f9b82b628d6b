import * as fc from "fast-check";
import { expect, test } from "vitest";
import { concatBytes } from "../../chain/bytes.ts";
import { createFrameReader, encodeFrame, type Frame } from "../../node/engine/frame.ts";

function readAll(bytes: Uint8Array, cuts: readonly number[], maxBytes = 1_000_000): readonly Frame[] {
  const frames: Frame[] = [];
  const read = createFrameReader(maxBytes, (frame) => frames.push(frame));
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (const [i, start] of edges.slice(0, -1).entries()) read(bytes.subarray(start, edges[i + 1]));
  return frames;
}

test("frames survive any cutting of the stream", () => {
  const blobs = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 });
  const message = fc.record({ kind: fc.string(), n: fc.integer() });
  fc.assert(
    fc.property(fc.array(fc.tuple(message, blobs)), fc.array(fc.nat()), (sent, cuts) => {
      const stream = concatBytes(...sent.flatMap(([value, parts]) => encodeFrame(value, parts)));
      expect(readAll(stream, cuts)).toEqual(sent.map(([value, parts]) => ({ message: value, blobs: parts })));
    }),
  );
});

const words = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);
const text = (value: string): Uint8Array => new Uint8Array(Buffer.from(value));

test.each([
  ["too long", words(2_000_000), /frame of 2000000 bytes/],
  ["without head", words(0), /no head/],
  ["with a head past its end", words(8, 100, 0), /head of 100/],
  ["with a head that is not JSON", concatBytes(words(6, 2), text("{]")), /JSON/],
  ["with a head of the wrong kind", concatBytes(words(6, 2), text("[]")), /without message/],
  [
    "with a blob past its end",
    concatBytes(words(4 + 26, 26), text('{"message":1,"sizes":[5]} ')),
    /blob of 5 bytes, 0 left/,
  ],
  ["with a negative blob", concatBytes(words(4 + 26, 26), text('{"message":1,"sizes":[-1]}')), /blob of -1/],
  [
    "with bytes left over",
    concatBytes(words(4 + 24 + 4, 24), text('{"message":1,"sizes":[]}'), words(0)),
    /4 bytes too many/,
  ],
])("a frame %s is refused", (_name, bytes, message) => {
  expect(() => readAll(bytes, [])).toThrow(message);
});
