import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toHex } from "../../chain/bytes.ts";
import { ValidatorSet } from "../../chain/types/validator.ts";
import { parseReceipt, parseTrustedSet, verifyReceipt } from "../../client/verify-receipt.ts";
import { checkReceipt, type ReceiptJson, receiptToJson } from "../../modules/inference/receipt.ts";
import { BLS, bytes, committeeOf, FIELDS, GENESIS_ROOT, signedReceipt, trustedJson } from "./receipt-fixture.ts";

const committee = committeeOf([40n, 30n, 20n, 10n]);
const receipt = signedReceipt(committee, [0, 1]);
const trusted = parseTrustedSet(trustedJson(committee));
const json = receiptToJson(receipt);

/** What somebody who reads both files with this library is told. */
function verdictOf(receiptJson: unknown, setJson: unknown): string {
  try {
    const verdict = verifyReceipt(parseReceipt(receiptJson), parseTrustedSet(setJson));
    return verdict.valid ? "valid" : verdict.reason;
  } catch (error) {
    return `unreadable: ${(error as Error).message}`;
  }
}

test("a signed receipt is valid, also after a journey through JSON", () => {
  expect(verifyReceipt(receipt, trusted)).toEqual({ valid: true });
  expect(verdictOf(JSON.parse(JSON.stringify(json)), JSON.parse(JSON.stringify(trustedJson(committee))))).toBe("valid");
});

test("two thirds are not enough, one more unit of power is", () => {
  const even = committeeOf([10n, 10n, 10n]);
  expect(verdictOf(receiptToJson(signedReceipt(even, [0, 1])), trustedJson(even))).toBe(
    "signers hold 20 of 30, more than two thirds are needed",
  );
  const odd = committeeOf([11n, 10n, 10n]);
  expect(verdictOf(receiptToJson(signedReceipt(odd, [0, 1])), trustedJson(odd))).toBe("valid");
});

/** Changes one byte of a text in hex or base64, so that it stays one. */
function changedText(text: string): fc.Arbitrary<string> {
  const alphabet = /^[0-9a-f]*$/.test(text) ? "0123456789abcdef" : "ABCDEFGHabcdefgh01234567";
  return fc
    .tuple(fc.nat(text.length - 1), fc.constantFrom(...alphabet.split("")))
    .map(([at, letter]) => text.slice(0, at) + letter + text.slice(at + 1))
    .filter((changed) => changed !== text);
}

function changed(value: string | number | boolean): fc.Arbitrary<unknown> {
  const nonsense = fc.constantFrom<unknown>(null, "", "zz", -1, 1.5, {}, [], true, "9".repeat(5000));
  if (typeof value === "boolean") return fc.constantFrom<unknown>(!value, null, 0, 1, "", "false", {});
  const near = typeof value === "string" ? changedText(value) : fc.nat(2 ** 31).filter((other) => other !== value);
  return fc.oneof({ weight: 5, arbitrary: near as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: nonsense });
}

/** The heights say where to look for the committee; nobody signs them. */
const UNSIGNED: readonly (keyof ReceiptJson)[] = ["requestedHeight", "finalHeight"];
const SIGNED = (Object.keys(json) as (keyof ReceiptJson)[]).filter((name) => !UNSIGNED.includes(name));

describe("every change of a field is refused", () => {
  test.each(SIGNED)("%s", (name) => {
    fc.assert(
      fc.property(changed(json[name]), (value) => {
        expect(verdictOf({ ...json, [name]: value }, trustedJson(committee))).not.toBe("valid");
      }),
      { numRuns: 25 },
    );
  });

  test("or is left out", () => {
    for (const name of Object.keys(json)) {
      const { [name]: _, ...rest } = json as unknown as Record<string, unknown>;
      expect(verdictOf(rest, trustedJson(committee))).toMatch(new RegExp(`^unreadable: receipt ${name} `));
    }
  });

  test("the changes would be missed by a verifier that looks only at power", () => {
    const lazy = { verifyAggregate: () => true };
    const forged = { ...receipt, outputRoot: bytes(32, 6) };
    expect(checkReceipt(forged, committee, GENESIS_ROOT, lazy)).toBeUndefined();
    expect(verifyReceipt(forged, trusted)).toEqual({ valid: false, reason: "the signature is not the signers'" });
  });
});

test("every change of the trusted set is refused", () => {
  const set = trustedJson(committee);
  const [first, ...others] = set.validators;
  if (first === undefined) throw new Error("empty");
  const fields = ["operator", "identityKey", "voteKey", "power"] as const;
  const change = fc.constantFrom(...fields).chain((name) => changed(first[name]).map((value) => ({ [name]: value })));
  fc.assert(
    fc.property(change, (mutation) => {
      expect(verdictOf(json, { ...set, validators: [{ ...first, ...mutation }, ...others] })).not.toBe("valid");
    }),
    { numRuns: 60 },
  );
  expect(verdictOf(json, { ...set, validators: [...others, first] })).toContain("the trusted set, of height 40");
  expect(verdictOf(json, { ...set, validators: others })).toContain("the trusted set, of height 40");
});

test("for a set that has changed since, the verdict names the height of the one that is needed", () => {
  const later = committeeOf([40n, 31n, 20n, 10n]);
  expect(verdictOf(json, trustedJson(later))).toBe(
    `the receipt's committee is the validator set with root ${toHex(receipt.committeeRoot)}, which voted on block 41; the trusted set, ` +
      `of height 40, has root ${toHex(ValidatorSet.hashTreeRoot(later))}. Needed: assay query validator-set --height 41`,
  );
});

test("a receipt of another chain is refused, signed as it may be", () => {
  const other = bytes(32, 0x48);
  const foreign = signedReceipt(committee, [0, 1, 2, 3], bytes(32, 5), { ...FIELDS, genesisRoot: other });
  expect(verdictOf(receiptToJson(foreign), trustedJson(committee))).toBe(
    `the receipt is of the chain with genesis root ${toHex(other)}, the trusted set of ${toHex(GENESIS_ROOT)} (assaytest-1)`,
  );
  expect(verdictOf(receiptToJson(foreign), trustedJson(committee, other))).toBe("valid");
});

test("bits beyond the committee are refused", () => {
  const spread = Buffer.from(json.signers, "base64");
  spread[0] = (spread[0] ?? 0) | 0x80;
  expect(verdictOf({ ...json, signers: spread.toString("base64") }, trustedJson(committee))).toBe(
    "unreadable: receipt signers has bits beyond the committee of 4",
  );
});

test.each<[string, unknown, string]>([
  ["no object", 5, "a trusted set is no JSON object"],
  ["a list", [], "a trusted set is no JSON object"],
  ["no chain id", { ...trustedJson(committee), chainId: "\u001b[2J" }, "chainId must be"],
  ["a height that is none", { ...trustedJson(committee), height: -1 }, "height must be"],
  ["no validators", { ...trustedJson(committee), validators: [] }, "validators must be a list of 1 to 1024"],
  ["a hole", { ...trustedJson(committee), validators: [null] }, "validators[0] is no JSON object"],
])("a trusted set with %s is named", (_, value, reason) => {
  expect(verdictOf(json, value)).toContain(`unreadable: ${reason}`);
});

test("the verifier of browsers and the one of nodes agree, whoever signs", () => {
  const set = committeeOf([5n, 4n, 3n, 2n, 1n, 1n]);
  const whole = parseTrustedSet(trustedJson(set));
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(5), { minLength: 1 }), fc.boolean(), (signers, forge) => {
      const signed = signedReceipt(set, signers);
      const one = forge ? { ...signed, outputRoot: bytes(32, 6) } : signed;
      const native = checkReceipt(one, set, GENESIS_ROOT, BLS);
      const { valid } = verifyReceipt(one, whole);
      expect(valid).toBe(native === undefined);
      const power = signers.reduce((sum, index) => sum + (set[index]?.power ?? 0n), 0n);
      expect(valid).toBe(!forge && 3n * power > 32n);
    }),
    { numRuns: 30 },
  );
});
