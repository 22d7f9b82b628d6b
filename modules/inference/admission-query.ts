import { toHex } from "../../chain/bytes.ts";
import type { QueryContext } from "../../chain/module.ts";
import type { AdmissionMember, Model } from "../../proto/inference-query.ts";
import { operatorText } from "../addresses.ts";
import { noteText } from "./admission-notes.ts";
import { modelMessage } from "./query-messages.ts";
import { seatsOfJob } from "./seats.ts";
import {
  admissionJobs,
  admissionNotes,
  commitments,
  committees,
  jobs,
  type ModelRecord,
  participations,
  reveals,
} from "./store.ts";

/** PERF: a few reads for each validator and job, of which an admission has at most 16. */
function admissionMembers(ctx: QueryContext, { manifest, registeredHeight }: ModelRecord): AdmissionMember[] {
  const { store } = ctx;
  const found = new Map<string, AdmissionMember>();
  for (const [[, jobId], height] of admissionJobs.entries(store, { within: manifest.modelRoot })) {
    const job = jobs.get(store, jobId);
    if (job === undefined || height !== registeredHeight) continue;
    const record = participations.get(store, jobId);
    const seats = seatsOfJob(job);
    for (const [index, { operator, power }] of (committees.get(store, job.committeeRoot) ?? []).entries()) {
      if (!seats.get(index)) continue;
      const key = [jobId, operator] as const;
      const committed = record?.committed.get(index) ?? commitments.has(store, key);
      const revealed = record?.revealed.get(index) ?? reveals.has(store, key);
      const reason = committed ? "" : noteText(admissionNotes.get(store, key));
      const id = toHex(operator);
      const before = found.get(id);
      found.set(id, {
        operator: operatorText(ctx.spec, operator),
        power,
        runs: (before?.runs ?? 0) + 1,
        committed: (before?.committed ?? 0) + Number(committed),
        revealed: (before?.revealed ?? 0) + Number(revealed),
        // Of several runs the first that went wrong says most.
        reason: before === undefined || before.reason === "" ? reason : before.reason,
      });
    }
  }
  return [...found.values()];
}

/** A model with what each validator has made of its admission. */
export function modelWithAdmission(ctx: QueryContext, model: ModelRecord): Model {
  return { ...modelMessage(ctx, model), admission: admissionMembers(ctx, model) };
}
