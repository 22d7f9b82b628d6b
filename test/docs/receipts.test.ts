import { BitArray } from "@chainsafe/ssz";
import { describe, expect, test } from "vitest";
import { concatBytes, toHex } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { JobFields } from "../../chain/types/attestation.ts";
import { eip2537Receipt, eip2537ToJson } from "../../client/eip2537-receipt.ts";
import { parseReceipt, parseTrustedSet } from "../../client/verify-receipt.ts";
import { Receipt, receiptRoot, receiptToJson } from "../../modules/inference/receipt.ts";
import { precompiles } from "../client/precompiles.ts";
import { committeeOf, FIELDS, GENESIS_ROOT, signedReceipt, trustedJson } from "../client/receipt-fixture.ts";
import { blocks, readText } from "./markdown.ts";

const TEXT = readText("docs/receipts.md");
const committee = committeeOf([40n, 30n, 20n, 10n]);
const receipt = signedReceipt(committee, [0, 1, 3]);

function shown(index: number): Record<string, unknown> {
  const json = blocks(TEXT).filter(({ language }) => language === "json")[index];
  return JSON.parse(json?.code ?? "null") as Record<string, unknown>;
}

test("the worked example is what the code gives, and the precompiles accept it", () => {
  const first = shown(0).receipt;
  expect(first).toEqual(receiptToJson(receipt));
  const exported = eip2537Receipt(parseReceipt(first), parseTrustedSet(trustedJson(committee)));
  expect(eip2537ToJson(exported)).toMatchObject(shown(1));
  expect(Object.keys(shown(1))).toHaveLength(6);
  for (const { name, input, output } of exported.calls) expect(precompiles[name](input)).toEqual(output);
});

describe("the table of bytes", () => {
  const bytes = Receipt.serialize(receipt);
  const rows = [...TEXT.matchAll(/^\| (\d+) \| (\d+|n\/8 \+ 1) \| `?(\w+)`? \|/gm)].map(([, from, length, field]) => {
    return { from: Number(from), length: length === "n/8 + 1" ? 1 : Number(length), field: field ?? "" };
  });
  const number = (value: number, length: number): Uint8Array =>
    Uint8Array.from({ length }, (_, i) => Math.floor(value / 256 ** i) % 256);
  const { fields } = receipt;
  const expected: Readonly<Record<string, Uint8Array>> = {
    genesisRoot: fields.genesisRoot,
    modelRoot: fields.modelRoot,
    engineId: fields.engineId,
    inputsRoot: fields.inputsRoot,
    requester: fields.requester,
    sequence: number(fields.sequence, 8),
    messageIndex: number(fields.messageIndex, 4),
    outputRoot: receipt.outputRoot,
    committeeRoot: receipt.committeeRoot,
    seatsOffset: number(346, 4),
    requestedHeight: number(receipt.requestedHeight, 8),
    finalHeight: number(receipt.finalHeight, 8),
    signersOffset: number(347, 4),
    signature: receipt.signature,
    direct: Uint8Array.of(0),
    class: Uint8Array.of(1),
    seats: Uint8Array.of(0b1_1111),
    signers: Uint8Array.of(0b1_1011),
  };
  test("is of all bytes, without a gap", () => {
    expect(rows.map(({ field }) => field)).toEqual(Object.keys(expected));
    let at = 0;
    for (const { from, length } of rows) {
      expect(from).toBe(at);
      at += length;
    }
    expect(at).toBe(bytes.length);
  });
  test.each(rows)("$field from $from on", ({ from, length, field }) => {
    expect(toHex(bytes.slice(from, from + length))).toBe(toHex(expected[field] ?? new Uint8Array()));
  });
  test.each([
    [4, 348],
    [128, 380],
    [1000, 598],
  ])("%i members make %i bytes", (members, size) => {
    const bits = BitArray.fromBitLen(members);
    expect(Receipt.serialize({ ...receipt, seats: bits, signers: bits })).toHaveLength(size);
    expect(TEXT.replaceAll(/\s+/g, " ")).toMatch(new RegExp(`${size}( bytes)? for ${members.toLocaleString("en")}`));
  });
});

test("what was signed, by SHA-256 alone", () => {
  const pad = (of: Uint8Array): Uint8Array => concatBytes(of, new Uint8Array(32 - of.length));
  const pair = (a: Uint8Array, b: Uint8Array): Uint8Array => sha256(concatBytes(a, b));
  const zeros = new Uint8Array(32);
  const { genesisRoot, modelRoot, engineId, inputsRoot, requester } = FIELDS;
  const leaves = [
    genesisRoot,
    modelRoot,
    engineId,
    inputsRoot,
    pad(requester),
    pad(Uint8Array.of(7)),
    pad(Uint8Array.of(1)),
  ];
  let layer = [...leaves, new Uint8Array(32)];
  while (layer.length > 1) {
    layer = layer.flatMap((left, i) => (i % 2 === 0 ? [pair(left, layer[i + 1] ?? left)] : []));
  }
  const [jobId = new Uint8Array()] = layer;
  expect(jobId).toEqual(JobFields.hashTreeRoot(FIELDS));
  const root = pair(
    pair(pair(jobId, receipt.committeeRoot), pair(receipt.outputRoot, zeros)),
    pair(pair(pad(Uint8Array.of(receipt.class)), zeros), pair(zeros, zeros)),
  );
  const domain = concatBytes(Uint8Array.of(6, 0, 0, 0), GENESIS_ROOT);
  expect(pair(root, pair(domain.slice(0, 32), pad(domain.slice(32))))).toEqual(receiptRoot(receipt));
});
