import { fromUtf8, toHex } from "../../chain/bytes.ts";
import type { QueryContext } from "../../chain/module.ts";
import { ZERO_32 } from "../../chain/types/primitives.ts";
import type { TensorSpec } from "../../proto/inference.ts";
import type { Job, Member, Model, Receipt as ReceiptMessage } from "../../proto/inference-query.ts";
import { accountText, operatorText } from "../addresses.ts";
import { className } from "./classes.ts";
import { baseFee } from "./fees.ts";
import { scheduledRun } from "./job-names.ts";
import { jobKindName } from "./jobs.ts";
import type { TensorDeclaration } from "./manifest.ts";
import { modelName } from "./models.ts";
import { Receipt } from "./receipt.ts";
import { isResident } from "./resident-set.ts";
import { executorOf, seatsOfJob } from "./seats.ts";
import {
  APPEAL_STATUS,
  appeals,
  commitments,
  committees,
  deprecations,
  JOB_KIND,
  JOB_STATUS,
  type JobRecord,
  jobBlobs,
  jobOutputs,
  MODEL_STATUS,
  type ModelRecord,
  participations,
  receipts,
  reveals,
  transfers,
} from "./store.ts";
import { dtypeName } from "./tensor-check.ts";
import { priceAhead, unitPrice } from "./tier-market.ts";
import { bucketMs } from "./time-buckets.ts";

/** In the order of MODEL_STATUS and JOB_STATUS. */
export const MODEL_STATUS_NAMES = ["REGISTERED", "ACTIVE", "FAILED", "DEPRECATED"] as const;
export const JOB_STATUS_NAMES = ["COMMITTING", "REVEALING", "FINAL", "FAILED", "DRAWING", "EXECUTING"] as const;
const APPEAL_STATUS_NAMES = ["OPEN", "UPHELD", "OVERTURNED", "UNDECIDED"] as const;

const NONE = new Uint8Array(0);

function tensorSpecs(declarations: readonly TensorDeclaration[]): TensorSpec[] {
  return declarations.map(({ name, dtype, shape }) => ({
    name: fromUtf8(name),
    dtype: dtypeName(dtype),
    shape: shape.map(BigInt),
  }));
}

export function modelMessage(ctx: QueryContext, model: ModelRecord): Model {
  const { manifest } = model;
  const units = model.costUnits;
  const price = unitPrice(ctx.store, ctx.params, manifest.tier);
  const deprecated = deprecations.get(ctx.store, manifest.modelRoot);
  const offered = transfers.get(ctx.store, manifest.modelRoot);
  return {
    modelRoot: manifest.modelRoot,
    owner: accountText(ctx.spec, manifest.owner),
    name: modelName(manifest),
    version: fromUtf8(manifest.version),
    class: className(manifest.class),
    engineId: manifest.engineId,
    inputs: tensorSpecs(manifest.inputs),
    outputs: tensorSpecs(manifest.outputs),
    opset: manifest.opset,
    modelBytes: BigInt(manifest.modelBytes),
    fee: manifest.fee.toString(),
    royaltyPpm: manifest.royaltyPpm,
    licence: fromUtf8(manifest.licence),
    parent: manifest.parent,
    probeRoots: manifest.probeRoots,
    status: MODEL_STATUS_NAMES[model.status] ?? "",
    registeredHeight: BigInt(model.registeredHeight),
    activeHeight: BigInt(model.activeHeight),
    deposit: model.deposit.toString(),
    failure: fromUtf8(model.failure),
    baseFee: baseFee(units, price).toString(),
    costUnits: BigInt(units),
    inline: model.status === MODEL_STATUS.active && isResident(model),
    tier: manifest.tier,
    baseFeeAhead: baseFee(units, priceAhead(price, ctx.params)).toString(),
    deprecatedHeight: BigInt(deprecated?.height ?? 0),
    successor: deprecated === undefined || toHex(deprecated.successor) === toHex(ZERO_32) ? NONE : deprecated.successor,
    datasets: manifest.datasets,
    offeredTo: offered === undefined ? "" : accountText(ctx.spec, offered),
    admission: [],
    runMs:
      model.status === MODEL_STATUS.active && manifest.probeRoots.length > 0 ? BigInt(bucketMs(model.worstBucket)) : 0n,
    pendingProbes: model.pendingProbes,
    reveal: manifest.direct ? "direct" : "committed",
    absoluteTolerance: BigInt(manifest.absoluteTolerance),
    relativeTolerance: BigInt(manifest.relativeTolerance),
  };
}

function members(ctx: QueryContext, jobId: Uint8Array, job: JobRecord): Member[] {
  const committee = committees.get(ctx.store, job.committeeRoot) ?? [];
  const record = participations.get(ctx.store, jobId);
  const signers = receipts.get(ctx.store, jobId)?.signers;
  const seats = seatsOfJob(job);
  return committee.flatMap(({ operator }, index) => {
    if (!seats.get(index)) return [];
    const text = operatorText(ctx.spec, operator);
    if (record === undefined) {
      const reveal = reveals.get(ctx.store, [jobId, operator]);
      return {
        operator: text,
        committed: commitments.has(ctx.store, [jobId, operator]),
        revealed: reveal !== undefined,
        outputRoot: reveal?.outputRoot ?? NONE,
      };
    }
    return {
      operator: text,
      committed: record.committed.get(index),
      revealed: record.revealed.get(index),
      outputRoot: signers?.get(index) === true ? job.outputRoot : NONE,
    };
  });
}

function attestedPower(ctx: QueryContext, jobId: Uint8Array, job: JobRecord): bigint {
  const signers = receipts.get(ctx.store, jobId)?.signers;
  const committee = signers === undefined ? undefined : committees.get(ctx.store, job.committeeRoot);
  if (signers === undefined || committee === undefined) return 0n;
  return committee.reduce((sum, { power }, index) => (signers.get(index) ? sum + power : sum), 0n);
}

function executorText(ctx: QueryContext, job: JobRecord): string {
  const place = executorOf(job);
  const member = place === undefined ? undefined : committees.get(ctx.store, job.committeeRoot)?.[place];
  return member === undefined ? "" : operatorText(ctx.spec, member.operator);
}

/** @param full with the members, one by one, and what they attested. */
export function jobMessage(ctx: QueryContext, jobId: Uint8Array, job: JobRecord, full: boolean): Job {
  const { fields } = job;
  const final = job.status === JOB_STATUS.final;
  const inline = job.kind === JOB_KIND.inline;
  const detailed = full && !inline;
  const output = (final ? jobOutputs.get(ctx.store, jobId) : undefined) ?? NONE;
  const appeal = appeals.get(ctx.store, jobId);
  return {
    jobId,
    status: JOB_STATUS_NAMES[job.status] ?? "",
    requester: accountText(ctx.spec, fields.requester),
    modelRoot: fields.modelRoot,
    engineId: fields.engineId,
    inputsRoot: fields.inputsRoot,
    sequence: BigInt(fields.sequence),
    messageIndex: fields.messageIndex,
    txHash: job.txHash,
    admission: job.kind === JOB_KIND.admission,
    requestedHeight: BigInt(job.requestedHeight),
    deadline: BigInt(job.deadline),
    commitEnd: BigInt(job.commitEnd),
    revealEnd: BigInt(job.revealEnd),
    committeeRoot: job.committeeRoot,
    committeeSize: job.committeeSize,
    committeePower: job.committeePower,
    committedPower: job.committedPower,
    finalHeight: BigInt(job.finalHeight),
    attestedPower: detailed ? attestedPower(ctx, jobId, job) : 0n,
    outputRoot: final ? job.outputRoot : NONE,
    output,
    execError: final && output.length === 0,
    baseFee: job.baseFee.toString(),
    escrow: job.escrow.toString(),
    valueAtRisk: job.valueAtRisk.toString(),
    failure: fromUtf8(job.failure),
    members: detailed ? members(ctx, jobId, job) : [],
    appealEnd: BigInt(job.appealEnd),
    appeal: APPEAL_STATUS_NAMES[appeal?.status ?? -1] ?? "",
    appealJob: appeal?.appealJob ?? NONE,
    verdict:
      appeal === undefined || appeal.status === APPEAL_STATUS.open || appeal.status === APPEAL_STATUS.undecided
        ? NONE
        : appeal.verdict,
    lane: inline ? "inline" : "attested",
    direct: job.direct,
    class: className(job.class),
    executor: executorText(ctx, job),
    schedule: BigInt(scheduledRun(fields)?.schedule ?? 0),
    kind: jobKindName(job.kind),
    inputsBlob: jobBlobs.get(ctx.store, jobId) ?? NONE,
  };
}

export function receiptMessage(jobId: Uint8Array, receipt: Receipt): ReceiptMessage {
  return {
    jobId,
    outputRoot: receipt.outputRoot,
    committeeRoot: receipt.committeeRoot,
    requestedHeight: BigInt(receipt.requestedHeight),
    finalHeight: BigInt(receipt.finalHeight),
    signers: receipt.signers.uint8Array,
    committeeSize: receipt.signers.bitLen,
    signature: receipt.signature,
    ssz: Receipt.serialize(receipt),
  };
}
