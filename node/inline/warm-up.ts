import { toHex } from "../../chain/bytes.ts";
import { isResident } from "../../modules/inference/resident-set.ts";
import { MODEL_STATUS, models, residentSet } from "../../modules/inference/store.ts";
import { zerosOf } from "../../modules/inference/tensor-check.ts";
import { Tensors } from "../../modules/inference/tensors.ts";
import type { StateReader } from "../../state/store.ts";
import type { Runs } from "../attester/runs.ts";

/**
 * Runs each model of the resident set once, on zeros, as soon as it is active: fetched, checked, loaded and compiled before the first
 * block that needs it.
 * @returns what to call after each commit. PERF: reads one entry of the state unless the set has changed or a model of it is not active yet.
 */
export function createWarmUp(runs: Pick<Runs, "start">): (state: StateReader) => void {
  const warm = new Set<string>();
  let seen = "";
  let waiting: readonly Uint8Array[] = [];

  /** Those that have not been run. */
  function residents(state: StateReader): readonly Uint8Array[] {
    return models
      .entries(state)
      .filter(([root, model]) => isResident(model) && model.status !== MODEL_STATUS.failed && !warm.has(toHex(root)))
      .map(([root]) => root);
  }

  function warmUp(state: StateReader, root: Uint8Array): boolean {
    const model = models.get(state, root);
    if (model?.status !== MODEL_STATUS.active) return false;
    const { manifest } = model;
    const zeros = zerosOf(manifest.inputs);
    warm.add(toHex(root));
    void runs.start({ manifest, inputsRoot: Tensors.hashTreeRoot(zeros), inputs: Tensors.serialize(zeros) }, "low");
    return true;
  }

  return (state) => {
    const set = residentSet.get(state);
    const now = set === undefined ? "" : `${set.models} ${set.bytes}`;
    if (now !== seen) waiting = residents(state);
    seen = now;
    waiting = waiting.filter((root) => !warmUp(state, root));
  };
}
