import { equalBytes, toHex } from "../../chain/bytes.ts";
import type { Tensors } from "../../modules/inference/tensors.ts";
import { holdsNan } from "./canonical-nan.ts";
import type { Engine, EngineResult, RunRequest } from "./engine.ts";
import { exactEngineId } from "./engine-id.ts";

/** The two engines gave different outputs for one model. */
export interface EngineMismatch {
  readonly modelRoot: Uint8Array;
  /** Names the first difference. */
  readonly reason: string;
  /** Whether the native output had been given out already: a sample, and not the first run of the model. */
  readonly answered: boolean;
}

export interface ExactEngineOptions {
  /** Started by the first run. */
  readonly native: () => Engine;
  /** Shared with the class `canonical`; its owner closes it. */
  readonly canonical: Engine;
  /** Every how many native runs of a model one is checked in the background. Default 64. */
  readonly sampleEvery?: number;
  /** Called once for each model, when native is switched off for it. */
  readonly onMismatch: (mismatch: EngineMismatch) => void;
}

/** Models whose runs are counted; one that is forgotten is checked anew. */
const MAX_COUNTED = 1024;

/**
 * Runs models of the class `exact`: natively, or canonically where native is missing, unfit, crashed or without an output, since only outputs are
 * proven to be equal, and where an input holds a NaN, of which nothing is proven (`withoutNan` of exactness.ts: all float inputs). The first run of a model is checked before it is answered; without canonical's word it is absent. A model on which the two
 * differ is left to canonical as long as the node runs.
 */
export function exactEngine({ native, canonical, sampleEvery = 64, onMismatch }: ExactEngineOptions): Engine {
  let started: Engine | undefined;
  /** Native runs by model, of those that were checked once. */
  const runs = new Map<string, number>();
  const distrusted = new Set<string>();
  let sampling = false;

  function distrust(modelRoot: Uint8Array, reason: string, answered: boolean): void {
    const key = toHex(modelRoot);
    if (distrusted.has(key)) return;
    distrusted.add(key);
    runs.delete(key);
    onMismatch({ modelRoot, reason, answered });
  }

  function trust(key: string): void {
    runs.set(key, 0);
    const oldest = runs.keys().next();
    if (runs.size > MAX_COUNTED && oldest.done !== true) runs.delete(oldest.value);
  }

  async function first(request: RunRequest, engine: Engine): Promise<EngineResult> {
    const [quick, sure] = await Promise.all([engine.run(request), canonical.run(request)]);
    if (quick.kind !== "ok" || sure.kind === "absent") return sure;
    const reason = difference(quick.outputs, sure);
    if (reason === undefined) trust(toHex(request.modelRoot));
    else distrust(request.modelRoot, reason, false);
    return sure;
  }

  /** One at a time and at low priority: checks must not crowd out what they check. */
  async function sample(request: RunRequest, outputs: Tensors): Promise<void> {
    if (sampling) return;
    sampling = true;
    const sure = await canonical.run({ ...request, priority: "low" });
    sampling = false;
    if (sure.kind === "absent") return;
    const reason = difference(outputs, sure);
    if (reason !== undefined) distrust(request.modelRoot, reason, true);
  }

  async function run(request: RunRequest): Promise<EngineResult> {
    const key = toHex(request.modelRoot);
    if (distrusted.has(key) || request.inputs.some(holdsNan)) return canonical.run(request);
    started ??= native();
    if (started.status().state === "unfit") return canonical.run(request);
    if (!runs.has(key)) return first(request, started);
    const result = await started.run(request);
    // Switched off meanwhile, by another run of the model: its output must not be given out any more.
    if (result.kind !== "ok" || distrusted.has(key)) return canonical.run(request);
    const count = (runs.get(key) ?? 0) + 1;
    if (runs.has(key)) runs.set(key, count);
    if (count % sampleEvery === 0) void sample(request, result.outputs);
    return result;
  }

  return {
    id: exactEngineId(),
    run,
    inspect: (bytes) => canonical.inspect(bytes),
    status: () => (started ?? canonical).status(),
    close: async () => started?.close(),
  };
}

function difference(quick: Tensors, sure: EngineResult): string | undefined {
  if (sure.kind !== "ok") return `native gave outputs, canonical ${sure.kind}`;
  if (quick.length !== sure.outputs.length)
    return `native gave ${quick.length} outputs, canonical ${sure.outputs.length}`;
  for (const [i, other] of sure.outputs.entries()) {
    const one = quick[i];
    const same =
      one !== undefined &&
      one.dtype === other.dtype &&
      one.shape.length === other.shape.length &&
      one.shape.every((length, axis) => length === other.shape[axis]) &&
      equalBytes(one.data, other.data);
    if (!same) return `output ${i} differs`;
  }
  return undefined;
}
