import { toHex } from "../../chain/bytes.ts";
import type { ModelManifest } from "../../modules/inference/manifest.ts";
import { checkModelAside } from "./check-aside.ts";
import type { Engine, EngineResult, RunRequest } from "./engine.ts";
import type { ModelCheck } from "./onnx-check.ts";
import { varyingOperator } from "./onnx-operators.ts";
import { ModelRefusedError } from "./runner.ts";

/** Models whose verdicts are kept, so that a refused one is not read again for each of its jobs. */
const MAX_VERDICTS = 1024;

/** What a registration says of a model's file. */
export type Declaration = Pick<ModelManifest, "opset" | "inline">;

/** Why a file is not what its manifest declares; undefined when it is. A pure function, so every node gives the same answer. */
export function declarationFault(check: ModelCheck, { opset, inline }: Declaration): string | undefined {
  if (!check.ok) return `the model can not be run on this chain: ${check.reason}`;
  if (check.opset !== opset) {
    return `the model's file imports operator set ${check.opset}, its manifest declares ${opset}`;
  }
  const varying = inline ? varyingOperator(check.operators) : undefined;
  return varying === undefined ? undefined : `a model with the operator ${varying} can not run inline`;
}

/**
 * Keeps from an engine what the static check refuses, and files whose operator set is not the declared one. Such a run is absent, so that
 * nothing is signed for it: without a quorum the model fails its admission.
 * @param declared of the registered model with this root; undefined when there is none.
 */
export function checkedEngine(engine: Engine, declared: (root: Uint8Array) => Declaration | undefined): Engine {
  const verdicts = new Map<string, ModelCheck>();

  function remember(key: string, verdict: ModelCheck): void {
    verdicts.set(key, verdict);
    const oldest = verdicts.keys().next();
    if (verdicts.size > MAX_VERDICTS && oldest.done !== true) verdicts.delete(oldest.value);
  }

  function run(request: RunRequest): Promise<EngineResult> {
    const { modelRoot, modelBytes } = request;
    const key = toHex(modelRoot);
    const declaration = declared(modelRoot);
    if (declaration === undefined) return Promise.resolve({ kind: "absent", reason: "the model is not registered" });
    // Asked of a model that the engine holds, too: a root whose admission failed can be registered anew, with another declaration.
    const known = verdicts.get(key);
    const fault = known === undefined ? undefined : declarationFault(known, declaration);
    if (fault !== undefined) return Promise.resolve({ kind: "absent", reason: fault });
    return engine.run({
      ...request,
      async modelBytes() {
        const bytes = await modelBytes();
        if (bytes === undefined) return undefined;
        const verdict = verdicts.get(key) ?? (await checkModelAside(bytes));
        remember(key, verdict);
        const found = declarationFault(verdict, declaration);
        if (found !== undefined) throw new ModelRefusedError(found);
        return bytes;
      },
    });
  }

  return { ...engine, run };
}
