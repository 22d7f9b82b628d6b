import { bech32 } from "@scure/base";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeAddress, encodeAddress } from "../../chain/crypto/bech32.ts";
import { accountAddress } from "../../chain/crypto/hash.ts";

/** BIP-173, "Test vectors". */
const VALID = [
  "A12UEL5L",
  "a12uel5l",
  "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
  "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
  "11qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqc8247j",
  "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w",
  "?1ezyfcl",
];
const INVALID = [
  " 1nwldj5",
  "\x7f1axkwrx",
  "\x801eym55h",
  "an84characterslonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1569pvx",
  "pzry9x0s0muk",
  "1pzry9x0s0muk",
  "x1b4n0q5v",
  "li1dgmt3",
  "de1lg7wt\xff",
  "A1G7SGD8",
  "10a06t8",
  "1qzzfhee",
];

test.each(VALID)("BIP-173 valid: %s", (text) => {
  expect(bech32.decodeUnsafe(text, 90)).toBeDefined();
  const last = text.slice(-1) === "q" ? "p" : "q";
  expect(bech32.decodeUnsafe(text.slice(0, -1) + last, 90)).toBeUndefined();
});

test.each(INVALID)("BIP-173 invalid: %j", (text) => {
  expect(bech32.decodeUnsafe(text, 90)).toBeUndefined();
  expect(decodeAddress(text.split("1")[0] ?? "", text)).toBeUndefined();
});

test("the address of a known Cosmos key", () => {
  const publicKey = Buffer.from("A08EGB7ro1ORuFhjOnZcSgwYlpe0DSFjVNUIkNNQxwKQ", "base64");
  const address = accountAddress(publicKey);
  expect(Buffer.from(address).toString("hex")).toBe("0d82b1e7c96dbfa42462fe612932e6bff111d51b");
  expect(encodeAddress("cosmos", address)).toBe("cosmos1pkptre7fdkl6gfrzlesjjvhxhlc3r4gmmk8rs6");
});

test("an address decodes with its own prefix only", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), (address) => {
      const text = encodeAddress("assay", address);
      expect(decodeAddress("assay", text)).toEqual(address);
      expect(decodeAddress("assayvaloper", text)).toBeUndefined();
      expect(decodeAddress("cosmos", text)).toBeUndefined();
      expect(decodeAddress("assay", text.slice(0, -1))).toBeUndefined();
      expect(decodeAddress("assay", text.replace("1", "1q"))).toBeUndefined();
    }),
  );
});

test.each([0, 19, 21, 32])("an address of %d bytes is refused", (length) => {
  expect(decodeAddress("assay", encodeAddress("assay", new Uint8Array(length)))).toBeUndefined();
});

test("mixed case is refused, all upper case is not the lower-case prefix's", () => {
  const text = encodeAddress("assay", new Uint8Array(20).fill(9));
  expect(decodeAddress("assay", `${text.slice(0, 10)}${text.slice(10).toUpperCase()}`)).toBeUndefined();
});
