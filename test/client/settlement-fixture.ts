import { BitArray } from "@chainsafe/ssz";
import { JobFields } from "../../chain/types/attestation.ts";
import { Header } from "../../chain/types/header.ts";
import { ValidatorSet } from "../../chain/types/validator.ts";
import type { Settlement } from "../../client/settled-receipt.ts";
import type { TrustedSet } from "../../client/verify-receipt.ts";
import { type Receipt, receiptRoot } from "../../modules/inference/receipt.ts";
import { JOB_STATUS, type JobRecord, jobs } from "../../modules/inference/store.ts";
import { provenValue } from "../../node/rpc/state-proof.ts";
import { createMemoryStore } from "../../state/memory-store.ts";
import { createOverlay } from "../../state/overlay.ts";
import { BLS, certify, GENESIS_ROOT, keyOf, type Seat, setOf } from "../light/chain-maker.ts";
import { bytes, FIELDS, trustedJson } from "./receipt-fixture.ts";

export const SEATS: readonly Seat[] = [
  [1, 40],
  [2, 30],
  [3, 20],
  [4, 10],
];
const JOB_FIELDS = { ...FIELDS, genesisRoot: GENESIS_ROOT };
export const JOB_ID = JobFields.hashTreeRoot(JOB_FIELDS);
export const REVEAL_END = 46;
export const WINDOW = 20;
export const APPEAL_END = REVEAL_END + WINDOW;

/** Signed by everyone but the last. */
export function receiptOf(seats: readonly Seat[] = SEATS): Receipt {
  const committee = setOf(seats);
  const unsigned: Receipt = {
    fields: JOB_FIELDS,
    outputRoot: bytes(32, 5),
    committeeRoot: ValidatorSet.hashTreeRoot(committee),
    seats: BitArray.fromBoolArray(committee.map(() => true)),
    requestedHeight: 41,
    finalHeight: 43,
    signers: BitArray.fromBoolArray(committee.map((_, index) => index < committee.length - 1)),
    signature: bytes(96, 0),
    direct: false,
    class: 1,
  };
  const signatures = seats.slice(0, -1).map(([id]) => keyOf(id).sign(receiptRoot(unsigned)));
  return { ...unsigned, signature: BLS.aggregate(signatures) };
}

export const trustedSet = (seats: readonly Seat[] = SEATS): TrustedSet => trustedJson(setOf(seats), GENESIS_ROOT);

export interface Made {
  /** What the chain's record of the job says otherwise; null for none. */
  readonly job?: Partial<JobRecord> | null;
  readonly height?: number;
  readonly seats?: readonly Seat[];
  readonly signers?: readonly number[];
  readonly window?: number;
}

/** A certified block whose state really holds the job. */
export async function makeSettlement(made: Made = {}): Promise<Settlement> {
  const { height = APPEAL_END + 1, seats = SEATS, signers, window = WINDOW } = made;
  const receipt = receiptOf();
  const store = createMemoryStore();
  const overlay = createOverlay(store.latest);
  for (let i = 0; i < 20; i++) jobs.set(overlay, bytes(32, 100 + i), jobs.type.defaultValue());
  const record: JobRecord = {
    ...jobs.type.defaultValue(),
    fields: receipt.fields,
    status: JOB_STATUS.final,
    settled: true,
    requestedHeight: receipt.requestedHeight,
    finalHeight: receipt.finalHeight,
    revealEnd: REVEAL_END,
    appealEnd: REVEAL_END + window,
    committeeRoot: receipt.committeeRoot,
    eligible: receipt.seats,
    drawn: receipt.seats,
    outputRoot: receipt.outputRoot,
  };
  if (made.job !== null) jobs.set(overlay, JOB_ID, { ...record, ...made.job });
  await store.commit(store.prepare(0, overlay.changes()), []);
  const proof = store.prove(jobs.storeKey(JOB_ID), 0);
  if (proof === undefined) throw new Error("no proof");
  const { value = new Uint8Array(0), ops } = provenValue(proof, []);
  const header: Header = {
    ...Header.defaultValue(),
    version: 1,
    height,
    time: Date.UTC(2025, 0, 1) + height * 1000,
    stateRoot: store.root,
    validatorsRoot: ValidatorSet.hashTreeRoot(setOf(seats)),
    nextValidatorsRoot: ValidatorSet.hashTreeRoot(setOf(seats)),
  };
  return { block: certify(header, seats, signers), job: { value, ops } };
}
