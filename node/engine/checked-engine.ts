import { toHex } from "../../chain/bytes.ts";
import { className, isTolerant, MODEL_CLASS } from "../../modules/inference/classes.ts";
import type { ModelManifest } from "../../modules/inference/manifest.ts";
import { checkModelAside } from "./check-aside.ts";
import type { Engine, EngineResult, RunRequest } from "./engine.ts";
import { classOfEngine } from "./engine-id.ts";
import type { ModelCheck } from "./onnx-check.ts";
import { varyingOperator } from "./onnx-operators.ts";
import { createProofs } from "./proofs.ts";
import { ModelRefusedError } from "./runner.ts";

/** Models whose verdicts are kept, so that a refused one is not read again for each of its jobs. */
const MAX_VERDICTS = 1024;

/** What a registration says of a model's file, and of how it is run. */
export type Declaration = Pick<ModelManifest, "opset" | "inline" | "class" | "engineId">;

/** Why a file is not what its manifest declares; undefined when it is. A pure function, so every node gives the same answer. */
export function declarationFault(
  check: ModelCheck,
  { opset, inline }: Pick<Declaration, "opset" | "inline">,
): string | undefined {
  if (!check.ok) return `the model can not be run on this chain: ${check.reason}`;
  if (check.opset !== opset) {
    return `the model's file imports operator set ${check.opset}, its manifest declares ${opset}`;
  }
  const varying = inline ? varyingOperator(check.operators) : undefined;
  return varying === undefined ? undefined : `a model with the operator ${varying} can not run inline`;
}

/** A manifest that names the engine of another class would have outputs of one engine voted on as if they were another's. */
function classFault({ class: declared, engineId }: Declaration): string | undefined {
  const known = classOfEngine(engineId);
  if (known === undefined || known === declared) return undefined;
  return `the model can not be run on this chain: its class is ${className(declared)}, its engine is that of the class ${className(known)}`;
}

/**
 * Keeps from an engine what the static check refuses, files whose operator set is not the declared one, and models of the class `exact` that are
 * not proven so. Such a run is absent, so that nothing is signed for it: without a quorum the model fails its admission.
 * @param declared of the registered model with this root; undefined when there is none.
 */
export function checkedEngine(engine: Engine, declared: (root: Uint8Array) => Declaration | undefined): Engine {
  const verdicts = new Map<string, ModelCheck>();
  const proofs = createProofs();

  function remember(key: string, verdict: ModelCheck): void {
    verdicts.set(key, verdict);
    const oldest = verdicts.keys().next();
    if (verdicts.size > MAX_VERDICTS && oldest.done !== true) verdicts.delete(oldest.value);
  }

  /** Rejects with ModelRefusedError for bytes that are not as declared. */
  async function checked(key: string, bytes: Uint8Array, declaration: Declaration): Promise<Uint8Array> {
    const verdict = verdicts.get(key) ?? (await checkModelAside(bytes));
    remember(key, verdict);
    const found = declarationFault(verdict, declaration);
    if (found !== undefined) throw new ModelRefusedError(found);
    return bytes;
  }

  /** Made before the engine is asked, which may hold the model for another class already. */
  async function proofFault(key: string, request: RunRequest, declaration: Declaration): Promise<string | undefined> {
    try {
      return await proofs.fault(key, async () => {
        const bytes = await request.modelBytes();
        if (bytes === undefined) throw new ModelRefusedError("the model's bytes are not here");
        return checked(key, bytes, declaration);
      });
    } catch (error) {
      if (error instanceof ModelRefusedError) return error.message;
      return `the model could not be proven exact here: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  /** A server of the operator's own is given no bytes; what is registered must be a model none the less, and the one that is declared. */
  async function fileFault(key: string, request: RunRequest, declaration: Declaration): Promise<string | undefined> {
    try {
      const bytes = await request.modelBytes();
      if (bytes === undefined) return "the model's bytes are not here";
      await checked(key, bytes, declaration);
      return undefined;
    } catch (error) {
      if (error instanceof ModelRefusedError) return error.message;
      return `the model could not be checked here: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  async function run(request: RunRequest): Promise<EngineResult> {
    const { modelRoot, modelBytes } = request;
    const key = toHex(modelRoot);
    const declaration = declared(modelRoot);
    if (declaration === undefined) return absent("the model is not registered");
    // Asked of a model that the engine holds, too: a root whose admission failed can be registered anew, with another declaration.
    const known = verdicts.get(key);
    const fault =
      classFault(declaration) ??
      (known === undefined ? undefined : declarationFault(known, declaration)) ??
      (known === undefined && isTolerant(declaration) ? await fileFault(key, request, declaration) : undefined) ??
      (declaration.class === MODEL_CLASS.exact ? await proofFault(key, request, declaration) : undefined);
    if (fault !== undefined) return absent(fault);
    return engine.run({
      ...request,
      async modelBytes() {
        const bytes = await modelBytes();
        return bytes === undefined ? undefined : checked(key, bytes, declaration);
      },
    });
  }

  return { ...engine, run };
}

function absent(reason: string): EngineResult {
  return { kind: "absent", reason };
}
