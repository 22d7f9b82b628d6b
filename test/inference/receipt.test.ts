import { BitArray } from "@chainsafe/ssz";
import { expect, test } from "vitest";
import { JobFields } from "../../chain/types/attestation.ts";
import {
  checkReceipt,
  Receipt,
  type ReceiptJson,
  receiptFromJson,
  receiptToJson,
} from "../../modules/inference/receipt.ts";
import { receipts } from "../../modules/inference/store.ts";
import { BLS, SPEC } from "../modules/network.ts";
import { createChain, jobOutput, outputOf } from "./harness.ts";

const validators = { alice: 10n, bob: 10n, carol: 10n, dave: 10n, erin: 1n };
const NAMES = Object.keys(validators);

function finished() {
  const chain = createChain({ validators });
  const [jobId] = chain.request() as [Uint8Array];
  const committee = chain.validators;
  chain.block({ commitments: NAMES.map((name) => chain.commit(name, jobId, 7)) });
  const early = NAMES.slice(0, 3).map((name) => chain.reveal(name, jobId, 7));
  chain.block({ reveals: early, outputs: [jobOutput(jobId, 7)] });
  const receipt = receipts.get(chain.store, jobId);
  if (receipt === undefined) throw new Error("no receipt");
  return { chain, jobId, receipt, committee };
}
const { chain, jobId, receipt, committee } = finished();
const check = (change: Partial<Receipt> = {}, set = committee, genesisRoot = SPEC.genesisRoot) =>
  checkReceipt({ ...receipt, ...change }, set, genesisRoot, BLS);

test("a receipt can be checked with the committee alone", () => {
  expect(check()).toBeUndefined();
  expect(receipt).toMatchObject({ outputRoot: outputOf(7).root, requestedHeight: 1, finalHeight: 3 });
  expect(JobFields.hashTreeRoot(receipt.fields)).toEqual(jobId);
  expect(receipt.signers.getTrueBitIndexes()).toHaveLength(3);
});

test("a reveal after the verdict does not change the receipt", () => {
  chain.block({ reveals: [chain.reveal("dave", jobId, 7)] });
  expect(receipts.get(chain.store, jobId)).toEqual(receipt);
});

test("nothing about a receipt can be changed", () => {
  const { fields } = receipt;
  const other = new Uint8Array(32).fill(9);
  expect(check({ outputRoot: outputOf(8).root })).toMatch(/signature/);
  for (const name of ["modelRoot", "engineId", "inputsRoot"] as const) {
    expect(check({ fields: { ...fields, [name]: other } })).toMatch(/signature/);
  }
  expect(check({ fields: { ...fields, requester: new Uint8Array(20) } })).toMatch(/signature/);
  expect(check({ fields: { ...fields, sequence: fields.sequence + 1 } })).toMatch(/signature/);
  expect(check({ fields: { ...fields, genesisRoot: other } })).toMatch(/another chain/);
  expect(check({}, committee, other)).toMatch(/another chain/);
  expect(check({ committeeRoot: other })).toMatch(/committee has the root/);
  expect(check({}, committee.slice(1))).toMatch(/committee has the root/);
  expect(check({ signature: new Uint8Array(96) })).toMatch(/signature/);
});

test("signers that did not sign, and too few", () => {
  const bits = (...on: number[]) => BitArray.fromBoolArray(committee.map((_, i) => on.includes(i)));
  const signed = receipt.signers.getTrueBitIndexes();
  expect(check({ signers: bits(0, 1, 2, 3, 4) })).toMatch(/signature/);
  expect(check({ signers: bits(...signed.slice(0, 2)) })).toMatch(/signers hold 20 of 41/);
  expect(check({ signers: BitArray.fromBitLen(3) })).toMatch(/3 bits for a committee of 5/);
});

test("SSZ and JSON forms come back as they were", () => {
  expect(Receipt.deserialize(Receipt.serialize(receipt))).toEqual(receipt);
  const json = JSON.parse(JSON.stringify(receiptToJson(receipt))) as ReceiptJson;
  expect(receiptFromJson(json)).toEqual(receipt);
  expect(check(receiptFromJson(json))).toBeUndefined();
});

test("JSON that is no receipt is named", () => {
  const json = receiptToJson(receipt);
  const reading = (change: object) => () => receiptFromJson({ ...json, ...change });
  expect(reading({ jobId: "00".repeat(32) })).toThrow(/jobId is not of its fields/);
  expect(reading({ outputRoot: "00" })).toThrow(/outputRoot has 1 bytes/);
  expect(reading({ outputRoot: undefined })).toThrow(/outputRoot must be a text of 32 bytes/);
  expect(reading({ signature: "AAAA" })).toThrow(/signature has 3 bytes/);
  expect(reading({ signers: "" })).toThrow(/signers has 0 bytes/);
  expect(reading({ committeeSize: 10_000 })).toThrow(/committeeSize/);
  expect(reading({ sequence: -1 })).toThrow(/sequence/);
  expect(reading({ finalHeight: "3" })).toThrow(/finalHeight/);
});
