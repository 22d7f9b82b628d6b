import { toHex } from "../../chain/bytes.ts";
import { TxError } from "../../chain/errors.ts";
import { createContext } from "../../chain/executor/context.ts";
import type { Context } from "../../chain/module.ts";
import { ZERO_32 } from "../../chain/types/primitives.ts";
import { createOverlay } from "../../state/overlay.ts";
import { moduleAddress } from "../auth/keeper.ts";
import { auditInputs, auditSeed } from "./audit-inputs.ts";
import { MODEL_CLASS } from "./classes.ts";
import { fitBits } from "./generated-inputs.ts";
import { AUDIT_INDEX } from "./job-names.ts";
import { openJob } from "./jobs.ts";
import { laterBeacon } from "./later-beacon.ts";
import { inferenceParams } from "./params.ts";
import { auditPlan, JOB_KIND, MODEL_STATUS, type ModelRecord, models, residentModels } from "./store.ts";
import { serializedBytes } from "./tensor-check.ts";
import { Tensors } from "./tensors.ts";

/**
 * Capability audits: jobs of the attested lane that nobody asks for. A validator may vote for inline outputs that it never computed; of an audit
 * nobody knew the inputs before its block, and answers are blind, so who answers has run the model, or had somebody run it.
 * Who does not, too often, loses its seats in the tier for a while (suspension.ts), as nobody pays for an audit and slowness is never slashed.
 */

/** Whom no key belongs to. */
const AUDITOR = moduleAddress("inference_audit");
/** Blocks that an audit without room is put off before it is left out. */
const PATIENCE = 20;
/** Models that are looked at for one to audit, where none runs inline. Each is a read. */
const MAX_LOOKED_AT = 64;
/** Models whose inputs can be told in advance are not used: somebody may have kept a table of their answers. */
const LEAST_INPUT_BITS = 40;

const EXACT_CLASSES: ReadonlySet<number> = new Set([MODEL_CLASS.canonical, MODEL_CLASS.exact]);

/** Uniform below a bound far below 2^48. */
function below(bound: number, seed: Uint8Array): number {
  const view = new DataView(seed.buffer, seed.byteOffset);
  return (view.getUint16(0) * 2 ** 32 + view.getUint32(2)) % bound;
}

/** Whether the block is the one of its stretch: each that is left is as likely, so that nobody knows before. One a stretch at most. */
function isDrawn(since: number, height: number, interval: number, beacon: Uint8Array): boolean {
  if (Math.floor(since / interval) === Math.floor(height / interval)) return false;
  const left = interval - (height % interval);
  return below(left, auditSeed(beacon, "time")) === 0;
}

function isAuditable({ block }: Context, { status, costUnits, manifest }: ModelRecord): boolean {
  const { auditMaxUnits, maxInputBytes } = inferenceParams.read(block.params);
  return (
    status === MODEL_STATUS.active &&
    EXACT_CLASSES.has(manifest.class) &&
    costUnits <= Number(auditMaxUnits) &&
    serializedBytes(manifest.inputs) <= Number(maxInputBytes) &&
    fitBits(manifest.inputs) >= LEAST_INPUT_BITS
  );
}

/**
 * Models that run inline first: there a validator can hide that it runs nothing; an attested request that it does not answer is seen. Where there is
 * none, the first one after a place that the beacon decides about. PERF: reads the resident set (parameter inlineMaxModels), or MAX_LOOKED_AT models.
 */
function drawModel(ctx: Context, beacon: Uint8Array): ModelRecord | undefined {
  const seed = auditSeed(beacon, "model");
  const fits = (model: ModelRecord | undefined): model is ModelRecord => model !== undefined && isAuditable(ctx, model);
  const resident = residentModels
    .entries(ctx.store)
    .map(([root]) => models.get(ctx.store, root))
    .filter(fits);
  if (resident.length > 0) return resident[below(resident.length, seed)];
  const after = models.entries(ctx.store, { from: seed, limit: MAX_LOOKED_AT });
  const before = models.entries(ctx.store, { before: seed, limit: MAX_LOOKED_AT - after.length });
  return [...after, ...before].map(([, model]) => model).find(fits);
}

/** Opens the job, or leaves no trace. @returns why not. */
function open(ctx: Context, beacon: Uint8Array, { manifest, costUnits }: ModelRecord): string | undefined {
  const { modelRoot, engineId, tier } = manifest;
  const tensors = [...auditInputs(beacon, manifest)];
  const overlay = createOverlay(ctx.store);
  const inner = createContext(ctx.block, overlay, ctx.bls);
  const origin = { txHash: ZERO_32, sequence: ctx.block.height, messageIndex: AUDIT_INDEX };
  try {
    const jobId = openJob(
      { ...inner, ...origin },
      {
        kind: JOB_KIND.audit,
        modelRoot,
        engineId,
        tier,
        inputsRoot: Tensors.hashTreeRoot(tensors),
        inputs: Tensors.serialize(tensors),
        requester: AUDITOR,
        costUnits,
        baseFee: 0n,
        runFee: 0n,
        escrow: 0n,
        valueAtRisk: 0n,
        deadline: undefined,
        // Whatever the model's owner thinks of copying.
        direct: false,
      },
    );
    inner.emit("inference_audit_opened", ["job_id", toHex(jobId)], ["model", toHex(modelRoot)], ["tier", String(tier)]);
  } catch (error) {
    if (!(error instanceof TxError)) throw error;
    return error.message;
  }
  overlay.flush();
  for (const { type, attributes } of inner.events) ctx.emit(type, ...attributes);
  return undefined;
}

/**
 * Opens an audit at the begin of the block that the beacon has drawn, or, if there is no room, in one of the next, with that one's beacon. Nothing announces it: who
 * served the tier when the block began is asked, and can't leave any more.
 */
export function runAudits(ctx: Context): void {
  const { height, params } = ctx.block;
  const interval = Number(inferenceParams.read(params).auditInterval);
  if (interval === 0) return;
  const { since, due } = auditPlan.get(ctx.store) ?? { since: 0, due: 0 };
  // Three proposers since the last one: none of them alone has decided when, of which model and on which inputs.
  const beacon = laterBeacon(ctx, since);
  if (beacon === undefined) return;
  if (due === 0 && !isDrawn(since, height, interval, beacon)) return;
  const model = drawModel(ctx, beacon);
  const problem = model && open(ctx, beacon, model);
  if (problem === undefined) {
    auditPlan.set(ctx.store, { since: height, due: 0 });
  } else if (due > 0 && height - due >= PATIENCE) {
    ctx.emit("inference_audit_skipped", ["reason", problem]);
    auditPlan.set(ctx.store, { since: height, due: 0 });
  } else if (due === 0) {
    auditPlan.set(ctx.store, { since, due: height });
  }
}
