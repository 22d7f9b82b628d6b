import type { Tensor } from "../../../modules/inference/tensors.ts";
import type { EngineResult, RunRequest } from "../../../node/engine/engine.ts";
import type { ModelSpec } from "../../../node/engine/model-spec.ts";
import {
  createRemoteEngine,
  type RemoteEngine,
  type RemoteEngineOptions,
} from "../../../node/engine/remote/remote-engine.ts";

export const ROOT = new Uint8Array(32).fill(0xab);
export const ROOT_HEX = "ab".repeat(32);
const FLOAT32 = 1;

/** x and y of any length. */
export function spec(dtype = FLOAT32): ModelSpec {
  return { inputs: [{ name: "x", dtype, shape: [-1] }], outputs: [{ name: "y", dtype, shape: [-1] }] };
}

export function float32(...values: number[]): Tensor {
  return { dtype: FLOAT32, shape: [values.length], data: new Uint8Array(new Float32Array(values).buffer) };
}

export function request(changes: Partial<RunRequest> = {}): RunRequest {
  return {
    modelRoot: ROOT,
    modelBytes: () => Promise.resolve(undefined),
    spec: spec(),
    inputs: [float32(1, 2)],
    timeoutMs: 10_000,
    priority: "high",
    ...changes,
  };
}

/** Generous times: a test that is about one of them sets it. */
export function remoteEngine(url: string, changes: Partial<RemoteEngineOptions> = {}): RemoteEngine {
  return createRemoteEngine({
    url,
    format: "binary",
    models: new Map(),
    concurrency: 4,
    maxQueue: 8,
    connectMs: 10_000,
    firstByteMs: 10_000,
    totalMs: 10_000,
    maxResponseBytes: 65_536,
    breaker: { failures: 1000, delayMs: 1000, maxDelayMs: 8000 },
    ...changes,
  });
}

export function reasonOf(result: EngineResult): string {
  return result.kind === "absent" ? result.reason : `not absent but ${result.kind}`;
}
