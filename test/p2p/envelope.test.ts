import fc from "fast-check";
import { compress } from "snappyjs";
import { expect, test } from "vitest";
import { concatBytes, toHex, utf8 } from "../../chain/bytes.ts";
import { fromLocal, fromWire, messageId, toLocal, toWire, wireId } from "../../p2p/envelope.ts";

test("nonce and payload come through the wire", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.uint8Array({ maxLength: 500 }), (nonce, payload) => {
      const local = toLocal(nonce, payload);
      const received = fromWire(toWire(local), 500);
      expect(received).toEqual(local);
      expect(fromLocal(received)).toEqual({ nonce, payload });
    }),
  );
});

test("one byte over the bound is refused; the bound itself is not", () => {
  expect(fromLocal(fromWire(toWire(toLocal(0, new Uint8Array(100))), 100))).toBeDefined();
  expect(fromLocal(fromWire(toWire(toLocal(0, new Uint8Array(101))), 100))).toBeUndefined();
});

test.each([
  ["nothing", new Uint8Array()],
  ["half a nonce", new Uint8Array(2)],
  ["no snappy", Uint8Array.of(0, 0, 0, 0, 9, 9, 9)],
])("%s is refused without an exception", (_, wire) => {
  expect(fromLocal(fromWire(wire, 100))).toBeUndefined();
});

test("distinct refused messages have distinct ids, so each sender is charged", () => {
  const ids = [1, 2].map((byte) => toHex(messageId("t", fromWire(Uint8Array.of(byte), 100))));
  expect(new Set(ids).size).toBe(2);
});

test("the id depends on topic, nonce and payload and not on the encoding", () => {
  const payload = utf8("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
  const asCopies = concatBytes(new Uint8Array(4), compress(payload));
  const asLiteral = concatBytes(new Uint8Array(4), Uint8Array.of(32, 31 << 2), payload);
  expect(asCopies).not.toEqual(asLiteral);
  const id = (topic: string, wire: Uint8Array): string => toHex(messageId(topic, fromWire(wire, 100)));
  expect(id("t", asCopies)).toBe(id("t", asLiteral));
  expect(id("u", asCopies)).not.toBe(id("t", asCopies));
  expect(id("t", toWire(toLocal(7, payload)))).not.toBe(id("t", asCopies));
  expect(wireId("t", asCopies)).not.toBe(wireId("t", asLiteral));
  expect(wireId("t", asCopies)).not.toBe(wireId("u", asCopies));
});
