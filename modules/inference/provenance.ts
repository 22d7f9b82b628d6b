import { fromHex, fromUtf8, toHex } from "../../chain/bytes.ts";
import { GRPC, QueryError } from "../../chain/errors.ts";
import type { Query, QueryContext } from "../../chain/module.ts";
import { ZERO_32 } from "../../chain/types/primitives.ts";
import { type ProvenanceModel, QueryProvenanceRequest, QueryProvenanceResponse } from "../../proto/inference-query.ts";
import { accountText } from "../addresses.ts";
import { defineQuery, notFound } from "../define-query.ts";
import { jobKindName } from "./jobs.ts";
import { modelByRoot, modelName } from "./models.ts";
import { JOB_STATUS_NAMES, MODEL_STATUS_NAMES } from "./query-messages.ts";
import { inputBlobs, JOB_KIND, JOB_STATUS, jobBlobs, jobs } from "./store.ts";

/** Ancestors that an answer names: parents are roots that somebody has written, in a chain of any length. */
export const MAX_LINEAGE = 16;

const NONE = new Uint8Array(0);

/** A root that a manifest names says nothing about whether this chain knows that model. */
function describe(ctx: QueryContext, modelRoot: Uint8Array): ProvenanceModel {
  const model = modelByRoot(ctx.store, modelRoot);
  if (model === undefined) {
    return {
      modelRoot,
      known: false,
      owner: "",
      name: "",
      version: "",
      licence: "",
      status: "",
      registeredHeight: 0n,
      engineId: NONE,
      datasets: [],
    };
  }
  const { manifest, status, registeredHeight } = model;
  return {
    modelRoot,
    known: true,
    owner: accountText(ctx.spec, manifest.owner),
    name: modelName(manifest),
    version: fromUtf8(manifest.version),
    licence: fromUtf8(manifest.licence),
    status: MODEL_STATUS_NAMES[status] ?? "",
    registeredHeight: BigInt(registeredHeight),
    engineId: manifest.engineId,
    datasets: manifest.datasets,
  };
}

interface Lineage {
  readonly models: readonly ProvenanceModel[];
  /** There are more. */
  readonly truncated: boolean;
}

/** The model and those that it was derived from, nearest first: to the first that is nobody's child, that the chain does not know, or that stands there already. */
function lineage(ctx: QueryContext, modelRoot: Uint8Array): Lineage {
  const found: ProvenanceModel[] = [];
  const seen = new Set<string>([toHex(ZERO_32)]);
  let root = modelRoot;
  while (!seen.has(toHex(root))) {
    if (found.length > MAX_LINEAGE) return { models: found, truncated: true };
    seen.add(toHex(root));
    found.push(describe(ctx, root));
    root = modelByRoot(ctx.store, root)?.manifest.parent ?? ZERO_32;
  }
  return { models: found, truncated: false };
}

function provenance(ctx: QueryContext, { jobId: text }: QueryProvenanceRequest): QueryProvenanceResponse {
  if (!/^[0-9a-fA-F]{64}$/.test(text)) {
    throw new QueryError(GRPC.invalidArgument, `"${text.slice(0, 100)}" is not a job id of 64 hex digits`);
  }
  const jobId = fromHex(text);
  const job = jobs.get(ctx.store, jobId);
  if (job === undefined) throw notFound(`job ${text}`);
  const { fields } = job;
  const blob = jobBlobs.get(ctx.store, jobId);
  const held = blob === undefined ? undefined : inputBlobs.get(ctx.store, blob);
  const final = job.status === JOB_STATUS.final;
  // An availability job is about a blob, and no model.
  const isRun = job.kind !== JOB_KIND.availability;
  const { models, truncated } = isRun ? lineage(ctx, fields.modelRoot) : { models: [], truncated: false };
  const [model, ...parents] = models;
  return {
    jobId,
    status: JOB_STATUS_NAMES[job.status] ?? "",
    kind: jobKindName(job.kind),
    outputRoot: final ? job.outputRoot : NONE,
    finalHeight: BigInt(job.finalHeight),
    inputsRoot: fields.inputsRoot,
    requester: accountText(ctx.spec, fields.requester),
    txHash: job.txHash,
    requestedHeight: BigInt(job.requestedHeight),
    inputsBlob: blob ?? NONE,
    blobOwner: held === undefined ? "" : accountText(ctx.spec, held.owner),
    model,
    parents,
    truncated,
  };
}

export const provenanceQueries: readonly Query[] = [
  defineQuery("/assay.inference.v1.Query/Provenance", QueryProvenanceRequest, QueryProvenanceResponse, provenance),
];
