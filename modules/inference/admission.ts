import { concatBytes, equalBytes, utf8 } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { TxError } from "../../chain/errors.ts";
import { createContext } from "../../chain/executor/context.ts";
import type { Context, MessageContext } from "../../chain/module.ts";
import type { Params } from "../../chain/params.ts";
import { ZERO_32 } from "../../chain/types/primitives.ts";
import { createOverlay } from "../../state/overlay.ts";
import type { StateReader } from "../../state/store.ts";
import { transfer } from "../bank/keeper.ts";
import { commonReason } from "./admission-notes.ts";
import { isTolerant } from "./classes.ts";
import type { Committee } from "./committee.ts";
import { baseFee } from "./fees.ts";
import { generateInputs, type Pattern } from "./generated-inputs.ts";
import { FIRST_GENERATED_INDEX } from "./job-names.ts";
import { type NewJob, openJob } from "./jobs.ts";
import { laterBeacon } from "./later-beacon.ts";
import { MAX_GENERATED, type ModelManifest } from "./manifest.ts";
import { ESCROW, failAdmission, modelByRoot, passProbe } from "./models.ts";
import { inferenceParams } from "./params.ts";
import {
  admissionJobs,
  commitments,
  generatedWaiting,
  JOB_KIND,
  type JobRecord,
  MODEL_STATUS,
  type ModelRecord,
  models,
} from "./store.ts";
import { Tensors } from "./tensors.ts";
import { unitPrice } from "./tier-market.ts";
import { bucketMs, bucketUnits, medianBucket, TIER_MAX_BUCKET } from "./time-buckets.ts";

/** The slowest kinds first, since the least that a network generates may be one. */
const PATTERN_OF: readonly Pattern[] = [
  "denormals",
  "extremes",
  "plain",
  "zeros",
  "denormals",
  "plain",
  "extremes",
  "plain",
];

/** Generated inputs as many as probes, and no fewer than the parameter says. */
export function generatedCount(probes: number, params: Params): number {
  return Math.min(MAX_GENERATED, Math.max(probes, Number(inferenceParams.read(params).generatedProbes)));
}

/** Opens one job of an admission. @throws TxError as `openJob` */
export function openAdmissionJob(
  ctx: MessageContext,
  { manifest, costUnits, registeredHeight }: Pick<ModelRecord, "manifest" | "costUnits" | "registeredHeight">,
  inputs: NewJob["inputs"],
  inputsRoot: Uint8Array,
): Uint8Array {
  const { modelRoot, engineId, owner, tier } = manifest;
  const jobId = openJob(ctx, {
    kind: JOB_KIND.admission,
    modelRoot,
    engineId,
    tier,
    inputsRoot,
    inputs,
    requester: owner,
    costUnits,
    baseFee: baseFee(costUnits, unitPrice(ctx.store, ctx.block.params, tier)),
    runFee: 0n,
    escrow: 0n,
    valueAtRisk: 0n,
    deadline: undefined,
    // Who is to show that it can run a model must not copy.
    direct: false,
  });
  admissionJobs.set(ctx.store, [modelRoot, jobId], registeredHeight);
  return jobId;
}

/** Opens the jobs of a model's generated inputs, all of them or none. @returns why not. */
function openGenerated(ctx: Context, model: ModelRecord, count: number): string | undefined {
  const { manifest, registeredHeight } = model;
  const beacon = laterBeacon(ctx, registeredHeight);
  if (beacon === undefined) return "too few proposers have added to the beacon";
  const overlay = createOverlay(ctx.store);
  const inner = createContext(ctx.block, overlay, ctx.bls);
  try {
    for (let index = 0; index < count; index++) {
      const seed = sha256(concatBytes(utf8("assay admission"), beacon, manifest.modelRoot, Uint8Array.of(index)));
      const tensors = [...generateInputs(seed, manifest.inputs, PATTERN_OF[index])];
      const origin = { txHash: ZERO_32, sequence: registeredHeight, messageIndex: FIRST_GENERATED_INDEX + index };
      openAdmissionJob({ ...inner, ...origin }, model, Tensors.serialize(tensors), Tensors.hashTreeRoot(tensors));
    }
  } catch (error) {
    if (!(error instanceof TxError)) throw error;
    return error.message;
  }
  overlay.flush();
  for (const { type, attributes } of inner.events) ctx.emit(type, ...attributes);
  return undefined;
}

const MILLION = 1_000_000n;

/** The deposit of a model that nobody has found wanting returns, or a share of it; it may be registered anew. @param share ppm */
export function returnDeposit(ctx: Context, modelRoot: Uint8Array, registeredHeight: number, share = MILLION): void {
  const model = models.get(ctx.store, modelRoot);
  if (model?.status !== MODEL_STATUS.registered || model.registeredHeight !== registeredHeight) return;
  const amount = (model.deposit * share) / MILLION;
  transfer(ctx, ESCROW, model.manifest.owner, [{ denom: ctx.block.spec.denom, amount }]);
  models.set(ctx.store, modelRoot, { ...model, deposit: model.deposit - amount });
}

/** Of one block; the others wait. Each costs the making and hashing of its inputs. */
const MAX_LOOKED_AT = 4;

/**
 * At the begin of the block, before anybody's request takes the room: opens the jobs of generated inputs of models whose beacon is there. What finds no
 * room in as many blocks as a deadline may lie ahead fails, and gets its deposit back.
 */
export function generateProbes(ctx: Context): void {
  const { height, params } = ctx.block;
  const patience = Number(inferenceParams.read(params).maxDeadline);
  for (const [key, count] of generatedWaiting.entries(ctx.store, { limit: MAX_LOOKED_AT })) {
    const [registeredHeight, modelRoot] = key;
    const model = models.get(ctx.store, modelRoot);
    if (model === undefined) throw new Error("a model that waits for its generated inputs is not there");
    const problem = openGenerated(ctx, model, count);
    if (problem === undefined) generatedWaiting.delete(ctx.store, key);
    else if (height - registeredHeight >= patience) {
      returnDeposit(ctx, modelRoot, registeredHeight);
      failAdmission(
        ctx,
        modelRoot,
        registeredHeight,
        `its generated inputs could not be run: ${problem}`.slice(0, 256),
      );
    }
  }
}

/** The admission that a job belongs to, by the height of the registration. */
export function registrationOf(reader: StateReader, jobId: Uint8Array, { fields }: JobRecord): number {
  return admissionJobs.get(reader, [fields.modelRoot, jobId]) ?? 0;
}

/** Time that the members of a committee took, by stake, of those that committed. */
function measured(ctx: Context, jobId: Uint8Array, committee: Committee): number {
  const said = commitments
    .entries(ctx.store, { within: jobId })
    .map(([[, operator], { bucket }]) => ({ bucket, power: committee.seat(operator)?.member.power ?? 0n }));
  return medianBucket(said) ?? 0;
}

/** Why a model that takes so long can't be admitted; undefined if it can. */
function tooSlow({ tier, inline }: ModelManifest, bucket: number, params: Params): string | undefined {
  const most = TIER_MAX_BUCKET[tier] ?? 0;
  const took = `a run takes up to ${bucketMs(bucket)} ms`;
  if (bucket > most) return `${took}, tier ${tier} allows ${bucketMs(most)} ms`;
  const units = bucketUnits(bucket, params);
  const { inlineUnitsPerBlock } = inferenceParams.read(params);
  if (!inline || units <= Number(inlineUnitsPerBlock)) return undefined;
  return `${took}, which is ${units} cost units; a block runs ${inlineUnitsPerBlock} inline`;
}

/**
 * An admission job became final. An error of the engine fails the model where its owner gave the input; on a generated one it is an output like
 * any other, since numbers that mean nothing to a model may well be out of range.
 */
export function judgeProbe(
  ctx: Context,
  committee: Committee,
  jobId: Uint8Array,
  job: JobRecord,
  execError: boolean,
): void {
  const { modelRoot, inputsRoot } = job.fields;
  const registered = registrationOf(ctx.store, jobId, job);
  const manifest = modelByRoot(ctx.store, modelRoot)?.manifest;
  if (manifest === undefined) throw new Error("an admission job without its model");
  const own = manifest.probeRoots.some((root) => equalBytes(root, inputsRoot));
  const bucket = measured(ctx, jobId, committee);
  const problem =
    execError && own ? "a probe ended in an error of the engine" : tooSlow(manifest, bucket, ctx.block.params);
  if (problem === undefined) passProbe(ctx, modelRoot, registered, bucket);
  else failAdmission(ctx, modelRoot, registered, problem);
}

/**
 * An admission job failed: with what most of those who gave a reason say. Of the class `tolerance` one member, that of the turn, can bring that about: as much of the
 * deposit returns as to who takes a model out of use.
 */
export function failProbe(ctx: Context, jobId: Uint8Array, job: JobRecord, reason: string): void {
  const { fields } = job;
  if (isTolerant(job)) {
    const { depositReturnShare } = inferenceParams.read(ctx.block.params);
    returnDeposit(ctx, fields.modelRoot, registrationOf(ctx.store, jobId, job), depositReturnShare);
  }
  const text = `a probe failed: ${reason}${commonReason(ctx.store, jobId, job)}`;
  failAdmission(ctx, fields.modelRoot, registrationOf(ctx.store, jobId, job), text.slice(0, 256));
}

/** At the end of a chain, before its open jobs are ended. */
export function abandonAdmissions(ctx: Context): void {
  for (const [[registeredHeight, modelRoot]] of generatedWaiting.entries(ctx.store)) {
    returnDeposit(ctx, modelRoot, registeredHeight);
    failAdmission(ctx, modelRoot, registeredHeight, "the chain ended");
  }
}
