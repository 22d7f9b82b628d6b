import { availableParallelism } from "node:os";
import { equalBytes, toHex } from "../../chain/bytes.ts";
import type { Tensors } from "../../modules/inference/tensors.ts";
import { canonicalEngineId, exactEngineId } from "./engine-id.ts";
import { type StartEngineProcess, startEngineProcess } from "./engine-process.ts";
import type { Priority } from "./job-queue.ts";
import { memoryIsWatched } from "./memory-watchdog.ts";
import { type ModelSpec, mismatch } from "./model-spec.ts";
import { checkModel, type ModelSummary } from "./onnx-check.ts";
import { confinement, type EngineKind } from "./sandbox.ts";
import { createScheduler, type ProcessStatus, type Scheduler } from "./scheduler.ts";
import type { SupervisorState } from "./supervisor.ts";

export interface RunRequest {
  /** The engine that the model's manifest names, 32 bytes; registry.ts picks by it. The engine asked, if not given. */
  readonly engineId?: Uint8Array;
  /** Names the model in the engine's cache, 32 bytes: the blob root. */
  readonly modelRoot: Uint8Array;
  /** Called only when the engine does not hold the model. Undefined when the bytes are not to be had. */
  readonly modelBytes: () => Promise<Uint8Array | undefined>;
  readonly spec: ModelSpec;
  readonly inputs: Tensors;
  /**
   * From the moment the engine turns to the request (loading the model included, waiting in the queue not). A run for which memory was
   * not enough beside other models is tried once more in a process of its own, with the same time again.
   */
  readonly timeoutMs: number;
  readonly priority: Priority;
  /** Cancels: the answer is then absent, at once. */
  readonly signal?: AbortSignal;
  /** Told how many milliseconds of a processor the run itself took, waiting and loading left out; once for each engine that has a part in it. */
  readonly onTimed?: (ms: number) => void;
}

/**
 * `ok` and `execError` are the same on every machine with this engine and are voted on. `absent` is never signed: no
 * time, no memory, no engine, no bytes, or bytes that checked-engine.ts keeps from it.
 */
export type EngineResult =
  | { readonly kind: "ok"; readonly outputs: Tensors }
  | { readonly kind: "execError"; readonly message: string }
  | { readonly kind: "absent"; readonly reason: string };

export type Inspection =
  | ({ readonly kind: "ok" } & ModelSummary)
  | { readonly kind: "invalid"; readonly reason: string }
  | { readonly kind: "absent"; readonly reason: string };

export interface EngineStatus {
  readonly state: SupervisorState["kind"];
  /** Why it is down or unfit. */
  readonly reason?: string;
  readonly pid?: number;
  /** Whether a request runs. */
  readonly busy: boolean;
  /** Requests that wait. */
  readonly queued: number;
  readonly starts: number;
  /** Bytes of the models held, over all processes. */
  readonly modelBytes: number;
  readonly processes: readonly ProcessStatus[];
  /** Whether the processes have a network namespace of their own; elsewhere a model that broke out could reach the network. */
  readonly networkIsolated: boolean;
  /** Whether a process that takes too much memory is noticed, whatever the memory is for. */
  readonly memoryWatched: boolean;
}

/** Runs models outside this process. No method rejects. */
export interface Engine {
  /** 32 bytes: what must be equal for outputs to be equal. */
  readonly id: Uint8Array;
  /** All engine ids that it runs models of; `id` alone if not given. */
  readonly ids?: readonly Uint8Array[];
  run(request: RunRequest): Promise<EngineResult>;
  /** Whether bytes are a model that this engine would run: the static check, then a session made and dropped. */
  inspect(modelBytes: Uint8Array): Promise<Inspection>;
  status(): EngineStatus;
  /** Ends the process; requests in hand become absent. */
  close(): Promise<void>;
}

/** Whether an engine runs models of an engine id. */
export function isInstalled({ id, ids = [id] }: Pick<Engine, "id" | "ids">, engineId: Uint8Array): boolean {
  return ids.some((known) => equalBytes(known, engineId));
}

export interface EngineOptions {
  /** Default canonical. The native engine is for exact-engine.ts alone: its answers count only where they are proven and checked. */
  readonly engine?: EngineKind;
  /** Requests that may wait. Default 64. */
  readonly maxQueue?: number;
  /** Bytes of models that a process holds at once. Default 128 MiB. */
  readonly maxModelBytes?: number;
  /**
   * Engine processes, each with the bounds on memory below. Default: one for each core but one, which consensus keeps, and at most two: a second one keeps
   * what a vote waits for from standing behind another run, and more would cost memory (about 150 MiB each when idle) for jobs that wait anyway.
   */
  readonly processes?: number;
  /** The most memory WebAssembly may take, MiB. Default 1024. */
  readonly memoryMiB?: number;
  /** How long a cancelled or speculative run may still go on when the engine is wanted. Default 200. */
  readonly graceMs?: number;
  /** Default 30,000. */
  readonly startTimeoutMs?: number;
  /** First wait after a crash, doubled by each further one up to 30 s. Default 100. */
  readonly restartDelayMs?: number;
  /** Default 30,000: for `inspect`. */
  readonly inspectTimeoutMs?: number;
  /** For tests. */
  readonly start?: StartEngineProcess;
}

const MIB = 1024 * 1024;

/** Starts an engine in a process of its own. Requests made before it is ready wait in the queue. */
export function createEngine(options: EngineOptions = {}): Engine {
  const scheduler = createScheduler({
    processes: options.processes ?? Math.max(1, Math.min(2, availableParallelism() - 1)),
    start: options.start ?? ((process) => startEngineProcess(process, undefined, options.engine)),
    memoryMiB: options.memoryMiB ?? 1024,
    startTimeoutMs: options.startTimeoutMs ?? 30_000,
    restartDelayMs: options.restartDelayMs ?? 100,
    maxRestartDelayMs: 30_000,
    maxQueue: options.maxQueue ?? 64,
    maxModelBytes: options.maxModelBytes ?? 128 * MIB,
    graceMs: options.graceMs ?? 200,
  });
  return {
    id: options.engine === "native" ? exactEngineId() : canonicalEngineId(),
    run: (request) => run(scheduler, request),
    inspect: (bytes) => inspect(scheduler, bytes, options.inspectTimeoutMs ?? 30_000),
    status: () => status(scheduler),
    close: () => scheduler.close(),
  };
}

async function run(scheduler: Scheduler, request: RunRequest): Promise<EngineResult> {
  const { spec, inputs } = request;
  const wrong = mismatch(spec.inputs, inputs);
  if (wrong !== undefined) return { kind: "execError", message: `inputs: ${wrong}` };
  const model = toHex(request.modelRoot);
  const outcome = await scheduler.submit({
    priority: request.priority,
    timeoutMs: request.timeoutMs,
    model: { root: model, bytes: request.modelBytes },
    command: {
      kind: "run",
      model,
      inputs: inputs.map(({ dtype, shape }, i) => ({ name: spec.inputs[i]?.name ?? "", dtype, shape })),
      outputs: spec.outputs.map(({ name }) => name),
    },
    blobs: inputs.map(({ data }) => data),
    signal: request.signal,
    onTimed: request.onTimed,
  });
  if (outcome.kind === "absent") return outcome;
  const { reply, blobs } = outcome;
  if (reply.kind === "failed") return { kind: "execError", message: reply.reason };
  if (reply.kind !== "outputs")
    return { kind: "absent", reason: `the engine process answered a run with ${reply.kind}` };
  const outputs = reply.outputs.map(({ dtype, shape }, i) => ({
    dtype,
    shape: [...shape],
    data: blobs[i] ?? new Uint8Array(0),
  }));
  const undeclared = mismatch(spec.outputs, outputs);
  return undeclared === undefined ? { kind: "ok", outputs } : { kind: "execError", message: `outputs: ${undeclared}` };
}

async function inspect(scheduler: Scheduler, bytes: Uint8Array, timeoutMs: number): Promise<Inspection> {
  const checked = checkModel(bytes);
  if (!checked.ok) return { kind: "invalid", reason: checked.reason };
  const outcome = await scheduler.submit({ priority: "low", timeoutMs, command: { kind: "inspect" }, blobs: [bytes] });
  if (outcome.kind === "absent") return outcome;
  const { reply } = outcome;
  if (reply.kind === "failed") return { kind: "invalid", reason: reply.reason };
  if (reply.kind !== "inspected") return { kind: "absent", reason: `the engine process answered with ${reply.kind}` };
  const { inputs, opset, operators } = checked;
  const inferred = new Map(reply.outputs.map(({ name, shape }) => [name, shape]));
  const outputs = checked.outputs.map(({ name, dtype, shape }) => ({
    name,
    dtype,
    shape: shape ?? inferred.get(name),
  }));
  return { kind: "ok", inputs, outputs, opset, operators };
}

/** The state is that of the best of the processes, the id that of one at work if there is one. */
function status(scheduler: Scheduler): EngineStatus {
  const { processes, queued } = scheduler;
  const states = processes.map(({ state }) => state);
  const order = ["ready", "starting", "down", "unfit", "closed"] as const;
  const kind = order.find((candidate) => states.some((state) => state.kind === candidate)) ?? "closed";
  const reason = states
    .map((state) => ("reason" in state ? state.reason : undefined))
    .find((text) => text !== undefined);
  const { pid } = processes.find(({ busy }) => busy) ?? processes.find((one) => one.pid !== undefined) ?? {};
  return {
    state: kind,
    ...(reason === undefined ? {} : { reason }),
    ...(pid === undefined ? {} : { pid }),
    busy: processes.some(({ busy }) => busy),
    queued,
    starts: processes.reduce((sum, { starts }) => sum + starts, 0),
    modelBytes: processes.reduce((sum, { modelBytes }) => sum + modelBytes, 0),
    processes,
    networkIsolated: confinement().networkIsolated,
    memoryWatched: memoryIsWatched,
  };
}
