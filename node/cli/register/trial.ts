import type { ModelClassName } from "../../../modules/inference/classes.ts";
import type { Tensor, Tensors } from "../../../modules/inference/tensors.ts";
import { createEngine, type Engine } from "../../engine/engine.ts";
import { ANY_LENGTH, type TensorSpec } from "../../engine/model-spec.ts";
import type { OutputSummary } from "../../engine/onnx-check.ts";
import { UserError } from "../../user-error.ts";
import { generatedProbe, zeroProbe } from "./generated-probes.ts";

/** Runs a model on this machine before anything is paid for. */
export interface Trial {
  /** What the file says of its tensors, with the shapes that the engine inferred. @throws UserError for a file that makes no session. */
  inspect(): Promise<{ readonly inputs: readonly TensorSpec[]; readonly outputs: readonly OutputSummary[] }>;
  /** @throws UserError when the probe does not run. */
  run(inputs: readonly TensorSpec[], outputs: readonly TensorSpec[], probe: Tensors): Promise<readonly Tensor[]>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 60_000;

/** Starts the engine that validators run such models with; for `exact` the canonical one, whose bytes are the same. */
export function openTrial(path: string, modelRoot: Uint8Array, bytes: Uint8Array, modelClass: ModelClassName): Trial {
  const engine: Engine = createEngine({ processes: 1, engine: modelClass === "tolerance" ? "native" : "canonical" });
  return {
    async inspect() {
      const found = await engine.inspect(bytes);
      if (found.kind === "ok") return found;
      throw new UserError(
        found.kind === "invalid" ? `${path}: ${found.reason}` : `${path} could not be tried: ${found.reason}`,
      );
    },
    async run(inputs, outputs, probe) {
      const result = await engine.run({
        modelRoot,
        modelBytes: async () => bytes,
        spec: { inputs, outputs },
        inputs: probe,
        timeoutMs: TIMEOUT_MS,
        priority: "high",
      });
      if (result.kind === "ok") return [...result.outputs];
      throw new UserError(result.kind === "absent" ? result.reason : result.message);
    },
    close: () => engine.close(),
  };
}

interface Tried {
  readonly probes: readonly Tensors[];
  /** With the lengths that the runs have shown. */
  readonly outputs: readonly TensorSpec[];
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}

/** Runs all probes. @throws UserError naming the probe that does not run, or an output whose shape depends on the values. */
export async function tryProbes(
  trial: Trial,
  inputs: readonly TensorSpec[],
  outputs: readonly TensorSpec[],
  probes: readonly Tensors[],
): Promise<Tried> {
  let shapes: readonly TensorSpec[] | undefined;
  for (const [index, probe] of probes.entries()) {
    let tensors: readonly Tensor[];
    try {
      tensors = await trial.run(inputs, outputs, probe);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      throw new UserError(`probe ${index} does not run: ${error.message}`, { cause: error });
    }
    const found = outputs.map(({ name, dtype }, at) => ({ name, dtype, shape: tensors[at]?.shape ?? [] }));
    const varying = shapes?.find(({ shape }, at) => !sameShape(shape, found[at]?.shape ?? []));
    if (varying !== undefined) {
      throw new UserError(`output ${varying.name} has another shape for other values: outputs have fixed shapes`);
    }
    shapes = found;
  }
  if (shapes === undefined) throw new UserError("a model needs a probe");
  return { probes, outputs: shapes };
}

/** A model is not to be registered with more bytes of probes than fit beside the rest of a transaction. */
const MAX_PROBE_BYTES = 512 * 1024;
const GENERATED = 2;

/**
 * Probes from the model's root, or one of zeros where those do not run: indices that lead out of a table, for example.
 * @throws UserError when zeros do not run either.
 */
export async function tryGenerated(
  trial: Trial,
  modelRoot: Uint8Array,
  inputs: readonly TensorSpec[],
  outputs: readonly TensorSpec[],
): Promise<Tried> {
  const first = generatedProbe(modelRoot, inputs, 0);
  const bytes = first.reduce((sum, { data }) => sum + data.length, 0);
  const count = bytes * GENERATED <= MAX_PROBE_BYTES ? GENERATED : 1;
  const more = Array.from({ length: count - 1 }, (_, index) => generatedProbe(modelRoot, inputs, index + 1));
  try {
    return await tryProbes(trial, inputs, outputs, [first, ...more]);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    try {
      return await tryProbes(trial, inputs, outputs, [zeroProbe(inputs)]);
    } catch {
      // The first reason says more than that of the zeros.
      throw new UserError(`no probe could be generated (${error.message}): give inputs of your own with --probe`, {
        cause: error,
      });
    }
  }
}

/** Outputs with a rank, as `--shape` or the engine has it. @throws UserError for one whose shape nobody knows. */
export function outputSpecs(
  outputs: readonly OutputSummary[],
  options: ReadonlyMap<string, readonly number[]>,
): readonly TensorSpec[] {
  return outputs.map(({ name, dtype, shape }) => {
    const known = options.get(name) ?? shape;
    if (known === undefined) {
      throw new UserError(`output ${name} has no shape that could be inferred: say it, as in --shape ${name}=1,10`);
    }
    return { name, dtype, shape: known.map((length) => (length < 0 ? ANY_LENGTH : length)) };
  });
}
