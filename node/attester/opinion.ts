import { isTolerant } from "../../modules/inference/classes.ts";
import { modelByRoot } from "../../modules/inference/models.ts";
import { jobOutputs } from "../../modules/inference/store.ts";
import { Tensors } from "../../modules/inference/tensors.ts";
import type { StateReader } from "../../state/store.ts";
import { boundOf, withinTolerance } from "../engine/remote/tolerance.ts";
import type { RunOutput } from "./runs.ts";
import type { Seat } from "./seats.ts";

/** What a member makes of a job with its own output at hand: the root that it signs; or nothing yet; or nothing, since its own is too far off. */
export type Opinion =
  | { readonly kind: "sign"; readonly root: Uint8Array }
  | { readonly kind: "wait" }
  | { readonly kind: "outside"; readonly reason: string };

/** PERF: of the class tolerance it compares every number, a millisecond for the largest output. */
export function opinionOf(state: StateReader, seat: Seat, own: RunOutput): Opinion {
  const { jobId, job, mayExecute, mayReveal } = seat;
  if (!isTolerant(job) || mayExecute) return { kind: "sign", root: own.root };
  const reference = mayReveal ? jobOutputs.get(state, jobId) : undefined;
  const model = modelByRoot(state, job.fields.modelRoot);
  if (reference === undefined || model === undefined) return { kind: "wait" };
  const bound = boundOf(model.manifest);
  const verdict = withinTolerance(Tensors.deserialize(reference), Tensors.deserialize(own.bytes), bound);
  return verdict.within ? { kind: "sign", root: job.outputRoot } : { kind: "outside", reason: verdict.reason };
}
