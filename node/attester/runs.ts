import { fromUtf8, toHex } from "../../chain/bytes.ts";
import { MAX_INLINE_OUTPUT } from "../../chain/types/limits.ts";
import type { Clock } from "../../consensus/driver/ports.ts";
import type { NoteName } from "../../modules/inference/admission-notes.ts";
import type { ModelManifest } from "../../modules/inference/manifest.ts";
import { EXEC_ERROR_OUTPUT, EXEC_ERROR_ROOT } from "../../modules/inference/output-check.ts";
import { MAX_TENSOR_BYTES, Tensors } from "../../modules/inference/tensors.ts";
import { type Engine, type EngineResult, isInstalled } from "../engine/engine.ts";
import type { Priority } from "../engine/job-queue.ts";
import type { ModelSpec } from "../engine/model-spec.ts";
import type { Logger } from "../log.ts";
import { noteOf } from "./admission-note.ts";
import { type CustodyCheck, checkCustodyAside } from "./custody-check.ts";
import { createGate } from "./gate.ts";

/** An output that may be attested. */
export interface RunOutput {
  readonly root: Uint8Array;
  /** Serialised SSZ Tensors; empty for EXEC_ERROR. */
  readonly bytes: Uint8Array;
}

/** One computation. Whoever asks for the same engine, model and inputs shares it. */
export interface RunRequest {
  readonly manifest: ModelManifest;
  readonly inputsRoot: Uint8Array;
  /** Serialised SSZ Tensors, or the root of the blob that holds them. */
  readonly inputs: Uint8Array | { readonly blob: Uint8Array };
  /** It is to be measured: it is run twice, and the second time counts. */
  readonly isTrial?: boolean;
}

/** What a job asks for: a run of a model, or whether a blob is there and as declared. */
export type Computation = RunRequest | { readonly custody: CustodyCheck };

/** What runs models, and nothing else. */
export interface ModelRuns {
  cached(request: RunRequest): RunOutput | undefined;
  start(request: RunRequest, priority: Priority): Promise<RunOutput | undefined>;
}

export interface Runs {
  /** What is known already. */
  cached(request: Computation): RunOutput | undefined;
  /** Resolves to undefined when there is nothing to attest (ABSENT). Never rejects. */
  start(request: Computation, priority: Priority): Promise<RunOutput | undefined>;
  /** Milliseconds that the run of an output that is known took in the engine. */
  took(request: Computation): number | undefined;
  /** Why the last run gave nothing to attest. */
  failure(request: Computation): NoteName | undefined;
  /** Speculative runs under way. */
  readonly speculative: number;
  /** Ends what is under way: all of it becomes absent. */
  close(): void;
}

export interface RunsOptions {
  readonly engine: Pick<Engine, "id" | "ids" | "run">;
  /** The bytes of a model, or of a blob of inputs of at most `maxBytes`, from the node's own store or from others. Undefined when nobody has them. */
  readonly loadModel: (root: Uint8Array, maxBytes?: number) => Promise<Uint8Array | undefined>;
  /** For metrics: after each run of the engine, with the seconds it took and why it gave no output. */
  readonly onRun: (outcome: "output" | "error" | "absent", seconds: number, reason: string) => void;
  /** Of one run, and of the wait for a model. */
  readonly timeoutMs: number;
  readonly clock: Pick<Clock, "after">;
  readonly log: Logger;
}

/** Outputs kept: at most 16 KiB each, some hundred bytes as a rule. More jobs than can be under way, or their outputs were computed again to be revealed. */
const MAX_CACHED = 1536;
const MAX_LOCAL_MODELS = 1024;
/** Blobs of inputs in memory, of runs and of checks each: at most 16 MiB each. Checks of what nobody has hold up no runs. */
const MAX_BLOBS_AT_ONCE = 2;

function modelSpec({ inputs, outputs }: ModelManifest): ModelSpec {
  const specs = (list: ModelManifest["inputs"]) => list.map((each) => ({ ...each, name: fromUtf8(each.name) }));
  return { inputs: specs(inputs), outputs: specs(outputs) };
}

interface Forgetful {
  readonly size: number;
  keys(): Iterator<string>;
  delete(key: string): unknown;
}

/** Lets go of the entry that came first, where there are too many. */
export function forgetOldest(entries: Forgetful, max: number): void {
  if (entries.size <= max) return;
  const oldest = entries.keys().next();
  if (oldest.done !== true) entries.delete(oldest.value);
}

/** Undefined when it takes longer: who fetches a model from others may wait for ever. */
async function within<T>(ms: number, clock: Pick<Clock, "after">, promise: Promise<T>): Promise<T | undefined> {
  let stop = (): void => undefined;
  const late = new Promise<undefined>((resolve) => {
    stop = clock.after(ms, () => resolve(undefined));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    stop();
  }
}

/** What a computation is known by: engine, model and inputs; or the availability job. */
export function keyOf(computation: Computation): string {
  if ("custody" in computation) return `custody ${toHex(computation.custody.jobId)}`;
  const { manifest, inputsRoot } = computation;
  return toHex(manifest.engineId) + toHex(manifest.modelRoot) + toHex(inputsRoot);
}

export function createRuns({ engine, loadModel, onRun, timeoutMs, clock, log }: RunsOptions): Runs {
  const outputs = new Map<string, RunOutput>();
  const times = new Map<string, number>();
  const failures = new Map<string, NoteName>();
  const underWay = new Map<string, { readonly answer: Promise<RunOutput | undefined>; readonly priority: Priority }>();
  /** Models whose bytes have been at hand: the engine may ask for those again without waiting for a network. */
  const local = new Set<string>();
  const inputsGate = createGate(MAX_BLOBS_AT_ONCE);
  const custodyGate = createGate(MAX_BLOBS_AT_ONCE);
  const stop = new AbortController();
  let speculative = 0;

  function fail(request: Computation, why: NoteName): undefined {
    failures.set(keyOf(request), why);
    forgetOldest(failures, MAX_CACHED);
  }

  /** The engine's answer as what is voted on. */
  function toOutput(result: EngineResult, request: RunRequest): RunOutput | undefined {
    const model = request.manifest.modelRoot;
    if (result.kind === "absent") return fail(request, noteOf(result.reason));
    if (result.kind === "execError") return { root: EXEC_ERROR_ROOT, bytes: EXEC_ERROR_OUTPUT };
    const tensors = [...result.outputs];
    const bytes = Tensors.serialize(tensors);
    if (tensors.length > 0 && bytes.length <= MAX_INLINE_OUTPUT) return { root: Tensors.hashTreeRoot(tensors), bytes };
    log.error({ model, bytes: bytes.length }, "the engine gave an output that the chain can't carry");
    return fail(request, "output");
  }

  /** The inputs of a run, which are in memory only while it has its turn. */
  function withInputs({ inputs }: RunRequest, use: (inputs: Uint8Array) => Promise<RunOutput | undefined>) {
    if (inputs instanceof Uint8Array) return use(inputs);
    return inputsGate(async () => {
      const bytes = await within(timeoutMs, clock, loadModel(inputs.blob, MAX_TENSOR_BYTES));
      if (bytes !== undefined) return use(bytes);
      log.info({ blob: inputs.blob }, "a blob of inputs is not to be had yet");
      return undefined;
    });
  }

  /** Who does not have the blob, or only a part of it, says nothing. */
  function runCheck(check: CustodyCheck): Promise<RunOutput | undefined> {
    return custodyGate(async () => {
      const { blobRoot, declared } = check;
      const bytes = await within(timeoutMs, clock, loadModel(blobRoot, declared.blobBytes));
      if (bytes === undefined) {
        log.info({ blob: blobRoot }, "a blob of inputs is not to be had yet");
        return undefined;
      }
      const verdict = await checkCustodyAside({ check, bytes });
      if ("output" in verdict) {
        const tensors = [...verdict.output];
        return { root: Tensors.hashTreeRoot(tensors), bytes: Tensors.serialize(tensors) };
      }
      log.warn({ blob: blobRoot, reason: verdict.problem }, "a blob of inputs is not what its registration says");
      return { root: EXEC_ERROR_ROOT, bytes: EXEC_ERROR_OUTPUT };
    });
  }

  async function runEngine(
    request: RunRequest,
    inputs: Uint8Array,
    priority: Priority,
    fetched: Uint8Array | undefined,
  ) {
    const { modelRoot, engineId } = request.manifest;
    const from = performance.now();
    /** Of each time the engine was asked, the slowest of its parts: loading, and waiting for a turn, are in none of them. */
    const measured: number[] = [];
    const ask = (): Promise<EngineResult> => {
      const place = measured.push(0) - 1;
      const onTimed = (milliseconds: number): void => {
        measured[place] = Math.max(measured[place] ?? 0, milliseconds);
      };
      return engine.run({
        engineId,
        modelRoot,
        modelBytes: () => (fetched === undefined ? loadModel(modelRoot) : Promise.resolve(fetched)),
        spec: modelSpec(request.manifest),
        inputs: Tensors.deserialize(inputs),
        timeoutMs,
        priority,
        signal: stop.signal,
        // PERF: measuring costs as much as a run of a small model.
        ...(request.isTrial === true ? { onTimed } : {}),
      });
    };
    const result = await ask();
    const outcome = ({ ok: "output", execError: "error", absent: "absent" } as const)[result.kind];
    const reason = result.kind === "absent" ? result.reason : result.kind === "execError" ? result.message : "";
    onRun(outcome, (performance.now() - from) / 1000, reason);
    const output = toOutput(result, request);
    if (output === undefined) return undefined;
    // A first run is slower than those that will be paid for: what it compiles and touches, they find.
    if (request.isTrial === true) await ask();
    const timed = measured.filter((ms) => ms > 0);
    // With the output that is kept right after, and forgotten with it.
    times.set(keyOf(request), timed.length > 0 ? Math.min(...timed) : performance.now() - from);
    forgetOldest(times, MAX_CACHED);
    return output;
  }

  /** The bytes are looked for before the engine is asked, so that a model nobody has does not hold the others up. */
  async function run(request: RunRequest, priority: Priority): Promise<RunOutput | undefined> {
    const { modelRoot, engineId } = request.manifest;
    if (!isInstalled(engine, engineId)) {
      log.warn({ model: modelRoot, engine: engineId }, "a model's engine is not installed here: nothing is attested");
      return fail(request, "noEngine");
    }
    const id = toHex(modelRoot);
    if (local.has(id)) return withInputs(request, (inputs) => runEngine(request, inputs, priority, undefined));
    const fetched = await within(timeoutMs, clock, loadModel(modelRoot));
    if (fetched === undefined) {
      log.info({ model: modelRoot }, "a model's bytes are not to be had yet");
      return fail(request, "noFile");
    }
    local.add(id);
    forgetOldest(local, MAX_LOCAL_MODELS);
    return withInputs(request, (inputs) => runEngine(request, inputs, priority, fetched));
  }

  function compute(request: Computation, priority: Priority): Promise<RunOutput | undefined> {
    return "custody" in request ? runCheck(request.custody) : run(request, priority);
  }

  async function guarded(request: Computation, priority: Priority): Promise<RunOutput | undefined> {
    const key = keyOf(request);
    try {
      const output = stop.signal.aborted ? undefined : await compute(request, priority);
      if (output !== undefined) {
        outputs.set(key, output);
        forgetOldest(outputs, MAX_CACHED);
      }
      return output;
    } catch (error) {
      const blob = "custody" in request ? request.custody.blobRoot : request.manifest.modelRoot;
      log.error({ err: error, blob }, "a run failed in this node");
      return fail(request, "fault");
    }
  }

  return {
    cached: (request) => outputs.get(keyOf(request)),
    took: (request) => times.get(keyOf(request)),
    failure: (request) => failures.get(keyOf(request)),
    start(request, priority) {
      const key = keyOf(request);
      const known = outputs.get(key);
      if (known !== undefined) return Promise.resolve(known);
      const running = underWay.get(key);
      if (running !== undefined && (priority === "low" || running.priority === "high")) return running.answer;
      // Speculation may have to make way; what a vote waits for is then begun again.
      const first = running?.answer ?? Promise.resolve(undefined);
      if (priority === "low") speculative++;
      const answer = first
        .then((output) => output ?? guarded(request, priority))
        .finally(() => {
          if (priority === "low") speculative--;
          if (underWay.get(key)?.answer === answer) underWay.delete(key);
        });
      underWay.set(key, { answer, priority });
      return answer;
    },
    get speculative() {
      return speculative;
    },
    close: () => stop.abort(),
  };
}
