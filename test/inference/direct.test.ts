import { expect, test } from "vitest";
import { toHex } from "../../chain/bytes.ts";
import { createCommitteeCache } from "../../modules/inference/committee.ts";
import { checkReceipt, receiptFromJson, receiptToJson } from "../../modules/inference/receipt.ts";
import { committees, JOB_STATUS, penalties, receipts } from "../../modules/inference/store.ts";
import { seatsOf } from "../../node/attester/seats.ts";
import { BLS, SPEC, validatorKeys } from "../modules/network.ts";
import { type Chain, createChain, FOUR, jobOutput, manifestOf, outputOf, values } from "./harness.ts";

const NAMES = Object.keys(FOUR);
const direct = manifestOf("digits", { fee: 1_000_000n, royaltyPpm: 0, direct: true });

function asked(params: Readonly<Record<string, bigint>> = {}): { readonly chain: Chain; readonly jobId: Uint8Array } {
  const chain = createChain({ models: [direct], params });
  const [jobId] = chain.request(1, { maxFee: { denom: "uassay", amount: "1000100" } }) as [Uint8Array];
  return { chain, jobId };
}

const revealed = (chain: Chain, jobId: Uint8Array, names: readonly string[], output: number) =>
  names.map((name) => chain.reveal(name, jobId, output));

test("is final one block after its request", () => {
  const { chain, jobId } = asked();
  expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.revealing, commitEnd: 1, revealEnd: 7, direct: true });
  const events = chain.block({ reveals: revealed(chain, jobId, NAMES, 7), outputs: [jobOutput(jobId, 7)] });
  expect(values(events, "inference_final", "output_root")).toEqual([toHex(outputOf(7).root)]);
  expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.final, finalHeight: 2 });
  chain.pass(6);
  expect(chain.job(jobId).settled).toBe(true);
  expect(penalties.entries(chain.store)).toEqual([]);
  expect(chain.escrow()).toBe(0n);
  expect(chain.violations()).toEqual([]);
});

test("who puts a reveal into a block has what the proposers of both would have had", () => {
  const { chain, jobId } = asked();
  chain.pass(1); // The base fee is shared out; what follows is the job's alone.
  const before = new Map(NAMES.map((name) => [name, chain.earned(name)]));
  const reveals = revealed(chain, jobId, NAMES, 7);
  chain.block({ proposer: "carol", reveals, outputs: [jobOutput(jobId, 7)] });
  const gained = (name: string) => chain.earned(name) - (before.get(name) ?? 0n);
  expect(NAMES.map(gained)).toEqual([232_500n, 232_500n, 282_500n, 232_500n]);
});

test("takes no commitments, and one reveal of each member", () => {
  const { chain, jobId } = asked();
  expect(() => chain.block({ commitments: [chain.commit("alice", jobId, 7)] })).toThrow(/commit window .* closed/);
  chain.block({ reveals: revealed(chain, jobId, ["alice"], 7) });
  expect(() => chain.block({ reveals: revealed(chain, jobId, ["alice"], 8) })).toThrow(/already revealed/);
  const forged = { ...chain.reveal("bob", jobId, 7), signature: chain.reveal("carol", jobId, 7).signature };
  expect(() => chain.block({ reveals: [forged] })).toThrow(/does not verify/);
});

test("who copies a wrong output dissents with the one who made it; who keeps silent does not", () => {
  const validators = { alice: 40n, bob: 40n, carol: 5n, dave: 5n, erin: 5n };
  const chain = createChain({ validators, models: [direct] });
  const [jobId] = chain.request(1, { maxFee: { denom: "uassay", amount: "1000100" } }) as [Uint8Array];
  chain.block({ reveals: revealed(chain, jobId, ["carol", "dave"], 8) });
  chain.block({ reveals: revealed(chain, jobId, ["alice", "bob"], 7), outputs: [jobOutput(jobId, 7)] });
  const events = chain.pass(6);
  expect(values(events, "inference_dissent", "output_root")).toEqual([
    toHex(outputOf(8).root),
    toHex(outputOf(8).root),
  ]);
});

test("without a quorum it fails when the window is over, and its escrow returns", () => {
  const { chain, jobId } = asked();
  const before = chain.balance("user");
  chain.block({ reveals: revealed(chain, jobId, ["alice", "bob"], 7) });
  chain.pass(4);
  expect(chain.job(jobId).status).toBe(JOB_STATUS.revealing);
  chain.pass(1);
  expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.failed, settled: true });
  expect(chain.balance("user") - before).toBe(1_000_000n);
  expect(chain.violations()).toEqual([]);
});

test("its receipt says that it was not blind, and can't be made to say otherwise", () => {
  const { chain, jobId } = asked();
  chain.block({ reveals: revealed(chain, jobId, NAMES, 7), outputs: [jobOutput(jobId, 7)] });
  const receipt = receipts.get(chain.store, jobId);
  const committee = committees.get(chain.store, chain.job(jobId).committeeRoot);
  if (receipt === undefined || committee === undefined) throw new Error("no receipt");
  expect(receipt.direct).toBe(true);
  expect(receiptFromJson(receiptToJson(receipt))).toEqual(receipt);
  expect(checkReceipt(receipt, committee, SPEC.genesisRoot, BLS)).toBeUndefined();
  expect(checkReceipt({ ...receipt, direct: false }, committee, SPEC.genesisRoot, BLS)).toBe(
    "the signature is not the signers'",
  );
});

test("a drawn committee reveals without commitments, and so does everyone who is asked after it", () => {
  const validators = Object.fromEntries(Array.from({ length: 71 }, (_, i) => [`v${i}`, 10n]));
  const chain = createChain({ validators, models: [direct], params: { "inference.committeeMax": 70n } });
  const names = Object.keys(validators);
  const [jobId] = chain.request(1, { maxFee: { denom: "uassay", amount: "1000100" } }) as [Uint8Array];
  expect(chain.job(jobId).status).toBe(JOB_STATUS.drawing);
  for (const proposer of names.slice(0, 4)) chain.block({ proposer });
  const { drawHeight } = chain.job(jobId);
  expect(chain.job(jobId)).toMatchObject({
    status: JOB_STATUS.revealing,
    commitEnd: drawHeight,
    revealEnd: drawHeight + 6,
    widened: false,
  });
  chain.pass(drawHeight + 6 - chain.height);
  expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.revealing, widened: true, revealEnd: drawHeight + 12 });
});

test("a validator's seat asks for its reveal at once", () => {
  const { chain, jobId } = asked();
  const seats = () => seatsOf(chain.store, chain.height, validatorKeys("alice").vote.publicKey, createCommitteeCache());
  expect(seats()).toMatchObject([{ jobId, mayCommit: false, mayReveal: true }]);
  chain.block({ reveals: revealed(chain, jobId, ["alice"], 7) });
  expect(seats()).toMatchObject([{ mayReveal: false }]);
});
