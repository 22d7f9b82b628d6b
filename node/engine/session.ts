import type { InferenceSession, Tensor, TensorConstructor } from "onnxruntime-web";
import { canonicalizeNan } from "./canonical-nan.ts";
import { type FailureClass, type InferredOutput, type NamedTensor, shorten, type TensorHead } from "./messages.ts";

/** Runs in engine processes only: no other file of the node may import this one, or onnxruntime. */

/** One of the two packages of onnxruntime; they are never in one process. */
export interface Onnxruntime {
  readonly InferenceSession: Pick<typeof InferenceSession, "create">;
  readonly Tensor: TensorConstructor;
  readonly provider: "wasm" | "cpu";
  readonly graphOptimizationLevel: "all";
  readonly threads: number;
}

/** What serve.ts makes and runs sessions with. */
export interface Sessions {
  createSession(model: Uint8Array): Promise<InferenceSession>;
  runSession(
    session: InferenceSession,
    inputs: readonly NamedTensor[],
    data: readonly Uint8Array[],
    outputNames: readonly string[],
  ): Promise<Outputs>;
  /** Called once, when the first session has been made and dropped. */
  readonly onWarm?: () => void;
}

export interface Outputs {
  readonly heads: readonly TensorHead[];
  readonly data: readonly Uint8Array[];
}

export interface EngineFailure {
  readonly failure: FailureClass;
  readonly reason: string;
}

/** As chain-wide limits have it (modules/inference/tensors.ts); not imported, to keep SSZ out of this process. */
const MAX_OUTPUT_BYTES = 1024 * 1024;
const MAX_OUTPUT_RANK = 8;
const ANY_LENGTH = -1;

/** Numbers of ONNX. */
const ELEMENTS = {
  float32: { code: 1, view: Float32Array },
  uint8: { code: 2, view: Uint8Array },
  int8: { code: 3, view: Int8Array },
  int32: { code: 6, view: Int32Array },
  int64: { code: 7, view: BigInt64Array },
  bool: { code: 9, view: Uint8Array },
  float64: { code: 11, view: Float64Array },
} as const;
type ElementName = keyof typeof ELEMENTS;
const NAMES = new Map<number, ElementName>(
  (Object.keys(ELEMENTS) as ElementName[]).map((name) => [ELEMENTS[name].code, name]),
);

/** What marks a flatbuffer of ORT, at byte 4. The native binding passes `extra` of the session options on in no documented way. */
const ORT_FORMAT = "ORTM";

/** A deterministic refusal of this file's own, as opposed to one of the engine. */
class ModelError extends Error {}

export function createSessions(ort: Onnxruntime): Sessions {
  return {
    createSession: (model) => createSession(ort, model),
    runSession: (session, inputs, data, outputs) => runSession(ort, session, inputs, data, outputs),
  };
}

async function createSession(ort: Onnxruntime, model: Uint8Array): Promise<InferenceSession> {
  // Such a run is left to canonical, which reads it as ONNX.
  if (ort.provider === "cpu" && Buffer.from(model.subarray(4, 8)).toString("latin1") === ORT_FORMAT) {
    throw new ModelError("marked as a file of ORT");
  }
  return ort.InferenceSession.create(model, {
    executionProviders: [ort.provider],
    graphOptimizationLevel: ort.graphOptimizationLevel,
    executionMode: "sequential",
    intraOpNumThreads: ort.threads,
    interOpNumThreads: ort.threads,
    logSeverityLevel: 4,
    // Otherwise a file that is both protobuf and ORT flatbuffer runs as the latter, which nobody checked.
    extra: { session: { load_model_format: "ONNX" } },
  });
}

/** The outputs with the shapes that the engine inferred. Those it could infer none for are left out. */
export function outputsOf(session: InferenceSession): readonly InferredOutput[] {
  return session.outputMetadata.flatMap((output) =>
    output.isTensor && output.shape.length <= MAX_OUTPUT_RANK
      ? [{ name: output.name, shape: output.shape.map((length) => (typeof length === "number" ? length : ANY_LENGTH)) }]
      : [],
  );
}

/** One request, alone, at its own shape. Throws what `classify` reads. */
async function runSession(
  ort: Onnxruntime,
  session: InferenceSession,
  inputs: readonly NamedTensor[],
  data: readonly Uint8Array[],
  outputNames: readonly string[],
): Promise<Outputs> {
  checkNames(
    "input",
    inputs.map(({ name }) => name),
    session.inputNames,
  );
  checkNames("output", outputNames, session.outputNames);
  const feeds: Record<string, Tensor> = Object.create(null); // A name may be that of a property of every object.
  for (const [i, input] of inputs.entries()) feeds[input.name] = toTensor(ort, input, data[i]);
  const results = await session.run(feeds, [...outputNames]);
  const heads: TensorHead[] = [];
  const bytes: Uint8Array[] = [];
  for (const name of outputNames) {
    const tensor = results[name];
    if (tensor === undefined) throw new ModelError(`no output ${name}`);
    heads.push({ dtype: elementOf(name, tensor.type).code, shape: tensor.dims });
    bytes.push(toBytes(name, tensor));
    tensor.dispose();
  }
  return { heads, data: bytes };
}

/** onnxruntime's own refusals of names are plain exceptions, which `classify` would have to guess about. */
function checkNames(what: string, declared: readonly string[], actual: readonly string[]): void {
  const unknown = declared.find((name) => !actual.includes(name));
  if (unknown !== undefined) throw new ModelError(`the model has no ${what} ${unknown}`);
  const missing = what === "input" ? actual.find((name) => !declared.includes(name)) : undefined;
  if (missing !== undefined) throw new ModelError(`input ${missing} is not declared`);
}

function toTensor(ort: Onnxruntime, input: NamedTensor, data: Uint8Array | undefined): Tensor {
  const name = NAMES.get(input.dtype);
  if (name === undefined || data === undefined) throw new ModelError(`input ${input.name} of dtype ${input.dtype}`);
  const { view } = ELEMENTS[name];
  const elements = new view(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength / view.BYTES_PER_ELEMENT);
  return new ort.Tensor(name, elements as Float32Array, [...input.shape]);
}

function elementOf(name: string, type: string): (typeof ELEMENTS)[ElementName] {
  if (!Object.hasOwn(ELEMENTS, type)) throw new ModelError(`output ${name} has type ${type}`);
  return ELEMENTS[type as ElementName];
}

function toBytes(name: string, tensor: Tensor): Uint8Array {
  const data = tensor.data;
  if (!ArrayBuffer.isView(data)) throw new ModelError(`output ${name} is not numeric`);
  if (data.byteLength > MAX_OUTPUT_BYTES) {
    throw new ModelError(`output ${name} has ${data.byteLength} bytes, at most ${MAX_OUTPUT_BYTES} allowed`);
  }
  if (tensor.dims.length > MAX_OUTPUT_RANK) throw new ModelError(`output ${name} has rank ${tensor.dims.length}`);
  if (data instanceof Float32Array || data instanceof Float64Array) canonicalizeNan(data);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/**
 * Status codes of onnxruntime that depend on nothing but the model and its inputs: FAIL, INVALID_ARGUMENT, RUNTIME_EXCEPTION,
 * INVALID_PROTOBUF, NOT_IMPLEMENTED, INVALID_GRAPH. The others speak of files, providers and the engine itself.
 */
const DETERMINISTIC_CODES = new Set([1, 2, 6, 7, 9, 10]);

/** Sorts an exception. Whatever is not certain to happen on every machine is not the model's. */
export function classify(error: unknown): EngineFailure {
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof ModelError) return { failure: "model", reason: shorten(reason) };
  const status = /ERROR_CODE: (\d+), ERROR_MESSAGE: ([\s\S]*)/.exec(reason);
  // An exhausted heap also reports itself under the codes FAIL and RUNTIME_EXCEPTION.
  if (/bad_alloc|allocat|out of memory|memory access out of bounds/i.test(reason))
    return { failure: "memory", reason: shorten(reason) };
  if (status !== null && DETERMINISTIC_CODES.has(Number(status[1]))) {
    return { failure: "model", reason: shorten(status[2] ?? "") };
  }
  return { failure: "fault", reason: shorten(reason) };
}
