import type { EventDoc } from "../error-table.ts";

export const eventTypes: readonly EventDoc[] = [
  {
    type: "model_registered",
    attributes: ["model", "owner", "name", "deposit"],
    when: "a model was registered and its admission jobs opened",
  },
  {
    type: "model_active",
    attributes: ["model", "owner", "name", "run_ms", "cost_units"],
    when: "a model passed admission, in which its slowest run took so many milliseconds",
  },
  { type: "model_failed", attributes: ["model", "owner", "name", "reason"], when: "a model failed admission" },
  {
    type: "inference_requested",
    attributes: ["job_id", "model", "requester", "kind", "deadline", "base_fee", "escrow"],
    when: "a job was opened, by a request, by a registration of a model (kind `admission`) or of a blob of inputs (`availability`), by an appeal, or by the chain itself (`audit`)",
  },
  {
    type: "model_deprecated",
    attributes: ["model", "owner", "successor", "deposit_height"],
    when: "an owner took a model out of use",
  },
  {
    type: "model_deposit_returned",
    attributes: ["model", "returned", "burnt"],
    when: "the last run of a deprecated model can't be appealed any more",
  },
  {
    type: "model_offered",
    attributes: ["model", "owner", "new_owner"],
    when: "an owner offered a model to another account, or took the offer back (then it is the owner's own)",
  },
  {
    type: "model_transferred",
    attributes: ["model", "owner", "new_owner"],
    when: "an account accepted a model that was offered to it",
  },
  {
    type: "input_blob_registered",
    attributes: ["blob", "owner", "job_id", "bytes", "rent"],
    when: "a blob of inputs was registered and its availability job opened",
  },
  {
    type: "input_blob_active",
    attributes: ["blob", "owner", "expiry_height"],
    when: "a blob of inputs was found available and as declared",
  },
  {
    type: "input_blob_failed",
    attributes: ["blob", "owner", "reason"],
    when: "a blob of inputs was not available, or not as declared",
  },
  { type: "input_blob_released", attributes: ["blob", "owner"], when: "the time of a blob of inputs was over" },
  {
    type: "inference_inline",
    attributes: ["job_id", "model", "requester", "output_root", "exec_error"],
    when: "a model ran inline, for a transaction of this block",
  },
  {
    type: "infer_then",
    attributes: ["job_id", "outcome", "reason"],
    when: "what waited for a job ended: its messages have `run`, its conditions were `unmet`, or it has `failed` for the reason",
  },
  {
    type: "inline_strike",
    attributes: ["model", "name", "proposers"],
    when: "a block of a later round demoted requests for a model that runs inline",
  },
  {
    type: "inline_out",
    attributes: ["model", "name"],
    when: "a model had so many strikes that it left the resident set",
  },
  {
    type: "inference_tiers",
    attributes: ["operator", "tiers"],
    when: "a validator said which tiers it serves from the next block on",
  },
  {
    type: "inference_suspended",
    attributes: ["operator", "tier", "until", "cause"],
    when: "a validator was absent from too many jobs of a tier (cause `requests`), or did not answer too many audits (`audits`): until that block it has no seat there",
  },
  {
    type: "inference_audit_opened",
    attributes: ["job_id", "model", "tier"],
    when: "the chain asks everyone who serves a tier for a run, to see who can run models",
  },
  {
    type: "inference_audit_skipped",
    attributes: ["reason"],
    when: "an audit found no room for so long that it was left out",
  },
  { type: "inference_reinstated", attributes: ["operator", "tier"], when: "a suspension from a tier is over" },
  {
    type: "inference_drawn",
    attributes: ["job_id", "members", "power"],
    when: "the committee of a job was drawn, where more validators serve its tier than a committee has",
  },
  {
    type: "inference_executor",
    attributes: ["job_id", "operator", "turn"],
    when: "a member was drawn to publish its output of a job of the class tolerance",
  },
  {
    type: "inference_published",
    attributes: ["job_id", "operator", "output_root", "exec_error"],
    when: "it did so, and others attest the output if theirs is within the model's bound of it",
  },
  {
    type: "inference_widened",
    attributes: ["job_id", "members"],
    when: "those drawn had no quorum, and everyone of the tier is asked",
  },
  { type: "inference_committed", attributes: ["operator", "jobs"], when: "a validator committed to so many jobs" },
  {
    type: "inference_reveals",
    attributes: ["job_id", "reason"],
    when: "the commit window of a job closed and reveals may begin; the reason is `complete` or `window`",
  },
  {
    type: "inference_final",
    attributes: ["job_id", "model", "requester", "output_root", "exec_error", "attested_power", "committee_power"],
    when: "more than two thirds of the committee attested one output",
  },
  {
    type: "inference_paid",
    attributes: ["job_id", "fee", "attesters", "proposers", "royalty", "community", "burnt", "refund"],
    when: "the fee of a final job was shared out",
  },
  {
    type: "inference_price",
    attributes: ["tier", "before", "after"],
    when: "what a cost unit of a tier costs follows its demand",
  },
  {
    type: "inference_scheduled",
    attributes: ["schedule", "model", "owner", "every", "runs", "held"],
    when: "an account has paid for runs that the chain opens by itself",
  },
  {
    type: "inference_schedule_run",
    attributes: ["schedule", "run", "job_id"],
    when: "a run of a schedule has got its job",
  },
  {
    type: "inference_schedule_skipped",
    attributes: ["schedule", "run", "reason", "refund"],
    when: "a run of a schedule found no room for so long, or was so dear, that it was left out",
  },
  {
    type: "inference_schedule_ended",
    attributes: ["schedule", "owner", "reason", "refund"],
    when: "a schedule has had its runs, was cancelled, or has no model any more",
  },
  { type: "inference_failed", attributes: ["job_id", "model", "requester", "reason", "refund"], when: "a job failed" },
  {
    type: "inference_dissent",
    attributes: ["job_id", "operator", "output_root", "execute_height"],
    when: "a member revealed another output than the final one, or (empty root) none; its penalty is held",
  },
  {
    type: "inference_slash",
    attributes: ["job_id", "operator", "burnt"],
    when: "a held penalty was executed",
  },
  {
    type: "inference_appeal_opened",
    attributes: ["job_id", "appeal", "appellant", "bond"],
    when: "everyone is asked to run a final job again; `appeal` is the job of the re-run",
  },
  {
    type: "inference_appeal_decided",
    attributes: ["job_id", "appeal", "outcome", "verdict"],
    when: "an appeal ended: the final output was `upheld` or `overturned`, or the re-run had no quorum (`undecided`)",
  },
  {
    type: "inference_equivocation",
    attributes: ["job_id", "operator"],
    when: "two different attestations of one validator for one job were proven",
  },
];
