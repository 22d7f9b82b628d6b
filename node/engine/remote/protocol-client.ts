import type { Tensors } from "../../../modules/inference/tensors.ts";
import { shorten } from "../messages.ts";
import type { ModelSpec } from "../model-spec.ts";
import { isRecord, parseBoundedJson } from "./bounded-json.ts";
import { endpointUrl, modelPath, type RemoteModelName } from "./endpoint.ts";
import type { HttpAnswer, HttpClient } from "./http-client.ts";
import { encodeInferRequest, JSON_LENGTH_HEADER, type TensorFormat } from "./infer-request.ts";
import { decodeInferResponse } from "./infer-response.ts";
import { metadataFault } from "./model-metadata.ts";

/**
 * What became of a call. A fault of the `server` is one of the connection: no other model would fare better. One of the `model` is an
 * answer that is late, malformed, a redirect or 5xx. `request` is a refusal of this request by a server that is well (4xx). `local` has
 * nothing to do with the server.
 */
export type Outcome<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "fault"; readonly of: "server" | "model" | "request" | "local"; readonly reason: string };

export interface CallLimits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface ProtocolClient {
  /** `GET /v2/health/live` and `/v2/health/ready`. */
  isLive(limits: CallLimits): Promise<Outcome<true>>;
  isReady(limits: CallLimits): Promise<Outcome<true>>;
  /** `GET /v2/models/{model}/ready`. */
  isModelReady(model: RemoteModelName, limits: CallLimits): Promise<Outcome<true>>;
  /** `GET /v2/models/{model}`: ok when the model's interface is the declared one. */
  checkModel(model: RemoteModelName, spec: ModelSpec, limits: CallLimits): Promise<Outcome<true>>;
  /** `POST /v2/models/{model}/infer`. */
  infer(
    model: RemoteModelName,
    spec: ModelSpec,
    inputs: Tensors,
    id: string,
    limits: CallLimits,
  ): Promise<Outcome<Tensors>>;
}

export interface ProtocolClientOptions {
  /** Without endpointFault. */
  readonly url: string;
  readonly format: TensorFormat;
  /** Bytes of an answer to an inference request. */
  readonly maxResponseBytes: number;
}

/** Of health and metadata. */
const MAX_INFO_BYTES = 64 * 1024;

/** The calls of the Open Inference Protocol v2 over HTTP that running a model takes. None of them rejects. */
export function createProtocolClient(
  http: HttpClient,
  { url, format, maxResponseBytes }: ProtocolClientOptions,
): ProtocolClient {
  async function get(path: string, limits: CallLimits): Promise<Outcome<Uint8Array>> {
    const answer = await http.ask({ url: endpointUrl(url, path), maxBytes: MAX_INFO_BYTES, ...limits });
    return answer.kind === "answer" ? { kind: "ok", value: answer.body } : failure(path, answer);
  }

  /** 200 is yes, unless a body says otherwise. */
  async function health(path: string, limits: CallLimits): Promise<Outcome<true>> {
    const answer = await get(path, limits);
    if (answer.kind !== "ok") return answer;
    const parsed = parseBoundedJson(answer.value, false);
    const denied = parsed.ok && isRecord(parsed.value) && (parsed.value.live === false || parsed.value.ready === false);
    return denied ? { kind: "fault", of: "model", reason: `${path}: the server says no` } : { kind: "ok", value: true };
  }

  return {
    isLive: (limits) => health("v2/health/live", limits),
    isReady: (limits) => health("v2/health/ready", limits),
    isModelReady: (model, limits) => health(`${modelPath(model)}/ready`, limits),
    async checkModel(model, spec, limits) {
      const answer = await get(modelPath(model), limits);
      if (answer.kind !== "ok") return answer;
      const fault = metadataFault(answer.value, spec);
      return fault === undefined ? { kind: "ok", value: true } : { kind: "fault", of: "model", reason: fault };
    },
    async infer(model, spec, inputs, id, limits) {
      const encoded = encodeInferRequest(id, spec, inputs, format);
      if (!encoded.ok) return { kind: "fault", of: "local", reason: encoded.reason };
      const path = `${modelPath(model)}/infer`;
      const asked = { url: endpointUrl(url, path), maxBytes: maxResponseBytes, ...encoded.value, ...limits };
      const answer = await http.ask(asked);
      if (answer.kind !== "answer") return failure(path, answer);
      const length = answer.headers[JSON_LENGTH_HEADER];
      const expected = { id, modelName: model.name, outputs: spec.outputs };
      const decoded = decodeInferResponse(answer.body, length === undefined ? undefined : String(length), expected);
      if (decoded.ok) return { kind: "ok", value: decoded.value };
      return { kind: "fault", of: "model", reason: `outputs: ${shorten(decoded.reason)}` };
    },
  };
}

function failure(path: string, answer: Exclude<HttpAnswer, { kind: "answer" }>): Outcome<never> {
  switch (answer.kind) {
    case "cancelled":
      return { kind: "fault", of: "local", reason: answer.reason };
    case "unreachable":
      return { kind: "fault", of: "server", reason: `the server can not be reached: ${answer.reason}` };
    case "broken":
      return { kind: "fault", of: "model", reason: `${path}: ${answer.reason}` };
    case "refused":
      return refusal(path, answer.status, answer.body);
  }
}

function refusal(path: string, status: number, body: Uint8Array): Outcome<never> {
  if (status >= 300 && status < 400) {
    return { kind: "fault", of: "model", reason: `${path}: redirects are not followed (status ${status})` };
  }
  const told = errorIn(body);
  const reason = shorten(`${path}: status ${status}${told === undefined ? "" : `: ${told}`}`);
  return { kind: "fault", of: isRefusal(status) ? "request" : "model", reason };
}

/** 408 and 429 speak of the server's load, as 5xx does. */
function isRefusal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}

/** `{"error": "…"}`, as the protocol has it. */
function errorIn(body: Uint8Array): string | undefined {
  const parsed = parseBoundedJson(body, false);
  if (!parsed.ok || !isRecord(parsed.value)) return undefined;
  const { error } = parsed.value;
  return typeof error === "string" ? error : undefined;
}
