import { toHex } from "../../chain/bytes.ts";
import type { Context } from "../../chain/module.ts";
import { abandonAdmissions, registrationOf, returnDeposit } from "./admission.ts";
import { createCommitteeCache } from "./committee.ts";
import { closeBooks } from "./end-block.ts";
import { appealEndOf, readOpenJobs, updateJob } from "./jobs.ts";
import { failJob } from "./outcome.ts";
import { releaseLater } from "./reservation.ts";
import { endSchedule } from "./schedules.ts";
import { JOB_KIND, JOB_STATUS, schedules } from "./store.ts";

/**
 * Ends every open job at the end of a chain, whose attestations count for nothing afterwards: undecided ones fail and their escrow returns,
 * those that are final stay so, and nobody is judged. Schedules end, too. PERF: at most inference.maxOpenJobs and maxSchedules.
 */
export function abandonJobs(ctx: Context): void {
  abandonAdmissions(ctx);
  const known = createCommitteeCache();
  // Their heights are those of the chain that ends.
  for (const [number, schedule] of schedules.entries(ctx.store)) endSchedule(ctx, number, schedule, "the chain ended");
  for (const { jobId, job } of readOpenJobs(ctx.store)) {
    const committee = known.get(ctx.store, job.committeeRoot);
    if (committee === undefined) throw new Error(`open job ${toHex(jobId)} has no committee`);
    if (job.status === JOB_STATUS.final) {
      releaseLater(ctx, jobId, updateJob(ctx, jobId, job, { settled: true, appealEnd: appealEndOf(ctx, job) }));
    } else {
      if (job.kind === JOB_KIND.admission) {
        returnDeposit(ctx, job.fields.modelRoot, registrationOf(ctx.store, jobId, job));
      }
      failJob(ctx, jobId, job, "the chain ended");
    }
    closeBooks(ctx, jobId, committee);
  }
}
