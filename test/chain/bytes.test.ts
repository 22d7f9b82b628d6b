import { expect, test } from "vitest";
import { fromHex, toHex } from "../../chain/bytes.ts";
import { prefixEnd } from "../../state/collections.ts";

test("hex refuses what Buffer would cut off silently", () => {
  expect(toHex(fromHex("00ff"))).toBe("00ff");
  expect(() => fromHex("0")).toThrow("not hexadecimal");
  expect(() => fromHex("0x00")).toThrow("not hexadecimal");
});

test("the end of a prefix is the first key behind it", () => {
  expect(prefixEnd(Uint8Array.of(1, 0xff))).toEqual(Uint8Array.of(2));
  expect(() => prefixEnd(Uint8Array.of(0xff))).toThrow("no end");
});
