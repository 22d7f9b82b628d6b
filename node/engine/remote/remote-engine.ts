import { toHex } from "../../../chain/bytes.ts";
import type { Clock } from "../../../consensus/driver/ports.ts";
import type { Tensors } from "../../../modules/inference/tensors.ts";
import { steadyClock } from "../../clock.ts";
import type { Engine, EngineResult, EngineStatus, RunRequest } from "../engine.ts";
import { toleranceEngineId } from "../engine-id.ts";
import { mismatch } from "../model-spec.ts";
import { type Breaker, type BreakerOptions, createBreaker, type PassOutcome } from "./breaker.ts";
import { endpointFault, type RemoteModelName } from "./endpoint.ts";
import { createHttpClient } from "./http-client.ts";
import type { TensorFormat } from "./infer-request.ts";
import { type CallLimits, createProtocolClient, type Outcome } from "./protocol-client.ts";
import { createSlots } from "./slots.ts";

export interface RemoteEngineOptions {
  /** Of a server that speaks the Open Inference Protocol v2; all paths of the protocol are below it. */
  readonly url: string;
  readonly format: TensorFormat;
  /** What the server calls a model, by blob root in hex; one that is not here goes by its root in hex. */
  readonly models: ReadonlyMap<string, RemoteModelName>;
  /** PEM certificates that the server's must be signed by. */
  readonly ca?: string;
  /** Requests under way at once. */
  readonly concurrency: number;
  /** Requests that may wait. */
  readonly maxQueue: number;
  readonly connectMs: number;
  readonly firstByteMs: number;
  /** The most that a run may take, whatever its request says. */
  readonly totalMs: number;
  readonly maxResponseBytes: number;
  /** For the server and for each model on it alone. */
  readonly breaker: BreakerOptions;
  /** A steady clock; that of the machine unless a test says otherwise. */
  readonly clock?: Clock;
}

export interface RemoteEngine extends Engine {
  /** Asks the server whether it is live and ready. `absent` says why not. */
  health(): Promise<{ readonly kind: "ok" } | { readonly kind: "absent"; readonly reason: string }>;
}

/** What is known of a model on the server. */
interface Known {
  readonly breaker: Breaker;
  /** Whether the server has been seen to have it, ready and with the declared interface, since it last failed. */
  checked: boolean;
}

/** Models that a breaker is kept for: the least recently used is forgotten. */
const MAX_KNOWN = 1024;

/**
 * Runs models on the operator's own inference server (Triton, KServe, MLServer, OpenVINO), which has them already: no bytes are sent. What
 * a server says is no evidence of what a model gives, so that everything but outputs as declared is absent: nothing is signed for it.
 * Breakers keep a server that is gone, or a model that fails there, from holding up what else is to be run; a request that the server
 * refuses (4xx) counts as an answer for them.
 * @throws Error for a URL with endpointFault, and for certificates that can not be read.
 */
export function createRemoteEngine(options: RemoteEngineOptions): RemoteEngine {
  const fault = endpointFault(options.url);
  if (fault !== undefined) throw new Error(`the URL of the remote engine ${fault}`);
  const clock = options.clock ?? steadyClock;
  const http = createHttpClient({ ...options, connections: options.concurrency + 1, clock });
  const client = createProtocolClient(http, options);
  const slots = createSlots(options.concurrency, options.maxQueue);
  const server = createBreaker(options.breaker, () => clock.now());
  const known = new Map<string, Known>();
  const closing = new AbortController();
  let requests = 0;

  function knownModel(root: string): Known {
    const found = known.get(root) ?? { breaker: createBreaker(options.breaker, () => clock.now()), checked: false };
    known.delete(root);
    known.set(root, found);
    const oldest = known.keys().next();
    if (known.size > MAX_KNOWN && oldest.done !== true) known.delete(oldest.value);
    return found;
  }

  async function attempt(request: RunRequest, root: string, model: Known): Promise<Outcome<Tensors>> {
    const name = options.models.get(root) ?? { name: root };
    const deadline = clock.now() + Math.min(request.timeoutMs, options.totalMs);
    const signal = request.signal === undefined ? closing.signal : AbortSignal.any([request.signal, closing.signal]);
    const limits = (): CallLimits => ({ timeoutMs: Math.max(0, Math.ceil(deadline - clock.now())), signal });
    if (!model.checked) {
      const steps = [
        () => client.isLive(limits()),
        () => client.isModelReady(name, limits()),
        () => client.checkModel(name, request.spec, limits()),
      ];
      for (const step of steps) {
        const outcome = await step();
        if (outcome.kind === "fault") return outcome;
      }
      model.checked = true;
    }
    requests++;
    return client.infer(name, request.spec, request.inputs, String(requests), limits());
  }

  async function guarded(request: RunRequest): Promise<EngineResult> {
    const root = toHex(request.modelRoot);
    const model = knownModel(root);
    const modelPass = model.breaker.enter();
    if (modelPass.kind === "refused") return absent(`the model fails on the server, ${modelPass.reason}`);
    const serverPass = server.enter();
    if (serverPass.kind === "refused") {
      modelPass.settle({ kind: "neutral" });
      return absent(`the server fails, ${serverPass.reason}`);
    }
    const outcome = await attempt(request, root, model);
    serverPass.settle(forServer(outcome));
    modelPass.settle(forModel(outcome));
    if (outcome.kind === "ok") return { kind: "ok", outputs: outcome.value };
    // It may come back with another version of the model.
    if (outcome.of === "server" || outcome.of === "model") model.checked = false;
    return absent(outcome.reason);
  }

  async function run(request: RunRequest): Promise<EngineResult> {
    const wrong = mismatch(request.spec.inputs, request.inputs);
    if (wrong !== undefined) return absent(`inputs: ${wrong}`);
    const slot = await slots.take(request.priority, request.signal);
    if (slot.kind === "none") return absent(slot.reason);
    try {
      return await guarded(request);
    } finally {
      slot.release();
    }
  }

  async function health(): ReturnType<RemoteEngine["health"]> {
    const limits = { timeoutMs: options.totalMs, signal: closing.signal };
    const live = await client.isLive(limits);
    const outcome = live.kind === "ok" ? await client.isReady(limits) : live;
    return outcome.kind === "ok" ? { kind: "ok" } : { kind: "absent", reason: outcome.reason };
  }

  return {
    id: toleranceEngineId(),
    run,
    inspect: () => Promise.resolve({ kind: "absent", reason: "a remote engine is not given the bytes of models" }),
    status: () => statusOf(server, slots.taken, slots.waiting, closing.signal.aborted),
    close() {
      slots.close();
      closing.abort();
      http.close();
      return Promise.resolve();
    },
    health,
  };
}

function absent(reason: string): EngineResult {
  return { kind: "absent", reason };
}

/** Any answer speaks for the server. */
function forServer(outcome: Outcome<unknown>): PassOutcome {
  if (outcome.kind === "ok") return outcome;
  if (outcome.of === "local") return { kind: "neutral" };
  return outcome.of === "server" ? { kind: "failed", reason: outcome.reason } : { kind: "ok" };
}

function forModel(outcome: Outcome<unknown>): PassOutcome {
  if (outcome.kind === "ok" || outcome.of === "request") return { kind: "ok" };
  return outcome.of === "model" ? { kind: "failed", reason: outcome.reason } : { kind: "neutral" };
}

function statusOf({ state, reason }: Breaker, taken: number, queued: number, closed: boolean): EngineStatus {
  return {
    state: closed ? "closed" : state === "closed" ? "ready" : "down",
    ...(reason === undefined ? {} : { reason }),
    busy: taken > 0,
    queued,
    starts: 0,
    modelBytes: 0,
    processes: [],
    // The models run elsewhere, behind what their operator has put there.
    networkIsolated: false,
    memoryWatched: false,
  };
}
