import type { BitArray } from "@chainsafe/ssz";
import { equalBytes, toHex } from "../chain/bytes.ts";
import { JobFields } from "../chain/types/attestation.ts";
import type { Header } from "../chain/types/header.ts";
import type { LightBlock } from "../chain/types/light-block.ts";
import { verifyBySet } from "../consensus/light/verify.ts";
import type { Receipt } from "../modules/inference/receipt.ts";
import { seatsOfJob } from "../modules/inference/seats.ts";
import { JOB_STATUS, jobs } from "../modules/inference/store.ts";
import { type AggregateVerifier, aggregateVerifier } from "./bls.ts";
import { NodeError } from "./errors.ts";
import { type AbciQuerier, fetchState, type StateAnswer, verifyState } from "./proofs.ts";
import { asksEveryone, type TrustedCommittee, verifySignatures } from "./verify-receipt.ts";

/** What shows, beside a receipt, that nothing about its job can be disputed any more. */
export interface Settlement {
  /** A block after the end of the appeal window, with its certificate and the set that made it. */
  readonly block: LightBlock;
  /** The job's record in the state after that block, with its proof. */
  readonly job: StateAnswer;
}

/**
 * - `attested`: more than two thirds of the committee signed. Nothing shows that the appeal window is over.
 * - `settled`: besides, the chain made the output final, its windows are closed, and the appeal window is over.
 */
export type ReceiptState =
  | { readonly state: "settled"; readonly height: number; readonly appealEnd: number }
  | { readonly state: "attested"; readonly height: number; readonly reason: string };

/** `valid: false` for what is not proven, and where the chain says something else than the receipt. */
export type SettlementVerdict =
  | { readonly valid: true; readonly state: ReceiptState }
  | { readonly valid: false; readonly reason: string };

const invalid = (reason: string): SettlementVerdict => ({ valid: false, reason });

function sameBits(a: BitArray, b: BitArray): boolean {
  return a.bitLen === b.bitLen && equalBytes(a.uint8Array, b.uint8Array);
}

/**
 * What the state after a trusted block says about a receipt's job. Says nothing about the receipt itself: see `verifyReceipt`.
 *
 * Never throws for a parsed settlement.
 * @param header of a block that is trusted: a light client's, for example.
 * @example
 * const verdict = settlementState(receipt, block.header, settlement);
 * if (verdict.valid && verdict.state.state === "settled") console.log("nothing can change any more");
 */
export function settlementState(
  receipt: Receipt,
  header: Pick<Header, "height" | "stateRoot">,
  { job }: Pick<Settlement, "job">,
): SettlementVerdict {
  const { height } = header;
  const attested = (reason: string): SettlementVerdict => ({
    valid: true,
    state: { state: "attested", height, reason },
  });
  const key = jobs.storeKey(JobFields.hashTreeRoot(receipt.fields));
  const verdict = verifyState(header.stateRoot, { key, type: jobs.type }, job);
  if (!verdict.valid) return invalid(`the job's record is not proven: ${verdict.reason}`);
  const record = verdict.value;
  if (record === undefined) {
    const why = `the state of block ${height} does not hold the job: it is too early, or the chain has forgotten it`;
    return asksEveryone(receipt) ? attested(why) : invalid(`${why}, and only it shows who was asked`);
  }
  if (!equalBytes(record.committeeRoot, receipt.committeeRoot)) return invalid("the chain asked another committee");
  if (!sameBits(seatsOfJob(record), receipt.seats)) return invalid("the chain asked other validators");
  if (record.status === JOB_STATUS.failed) return invalid("the job failed on the chain");
  if (record.status !== JOB_STATUS.final) return attested(`the job is not final in block ${height}`);
  if (!equalBytes(record.outputRoot, receipt.outputRoot)) {
    return invalid(`the job became final with output ${toHex(record.outputRoot)}`);
  }
  if (record.overturned) return invalid("an appeal has found that this output is wrong");
  const { appealEnd } = record;
  if (!record.settled)
    return attested(`reveals are taken until block ${record.revealEnd}, the proof is of block ${height}`);
  if (height <= appealEnd) {
    return attested(`the appeal window ends with block ${appealEnd}, the proof is of block ${height}`);
  }
  return { valid: true, state: { state: "settled", height, appealEnd } };
}

/**
 * Checks a receipt and what shows that it is settled, offline, against one trusted set: more than two thirds of its power must have signed
 * the receipt and also certified the block. Where the set has changed too much in between, a light client is needed.
 * @param bls keeps decoded keys when it is `aggregateVerifier()` and used again.
 * @example
 * const verdict = verifySettledReceipt(receipt, parseTrustedSet(set), parseSettlement(json.settlement));
 */
export function verifySettledReceipt(
  receipt: Receipt,
  trusted: TrustedCommittee,
  settlement: Settlement,
  bls: AggregateVerifier = aggregateVerifier(),
): SettlementVerdict {
  const verdict = verifySignatures(receipt, trusted, bls);
  if (!verdict.valid) return verdict;
  const { block } = settlement;
  const rejection = verifyBySet(trusted, block, trusted, bls);
  if (rejection?.kind === "unvouched") {
    return invalid(`the trusted set does not vouch for block ${block.header.height}: ${rejection.reason}`);
  }
  if (rejection !== undefined) return invalid(`block ${block.header.height}: ${rejection.reason}`);
  return settlementState(receipt, block.header, settlement);
}

/**
 * Asks a node for what shows that a receipt is settled. What it answers is checked; the node needs no trust.
 * @param block from a light client: its latest, for example.
 * @throws NodeError when the node does not answer, holds no state of that height, or says what is not proven.
 * @example
 * const { settlement, state } = await fetchSettlement(comet, await lightClient.update(), receipt);
 */
export async function fetchSettlement(
  comet: AbciQuerier,
  block: LightBlock,
  receipt: Receipt,
): Promise<{ readonly settlement: Settlement; readonly state: ReceiptState }> {
  const { height } = block.header;
  const key = jobs.storeKey(JobFields.hashTreeRoot(receipt.fields));
  const settlement = { block, job: await fetchState(comet, height, key) };
  const verdict = settlementState(receipt, block.header, settlement);
  if (!verdict.valid) throw new NodeError(verdict.reason);
  return { settlement, state: verdict.state };
}
