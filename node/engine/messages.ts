/**
 * The conversation between the node and its engine process: one command, one reply, in order. The node decides which models the
 * child holds, so that the child has no policy of its own. Imported by the child too, so it imports nothing but types.
 */
export interface TensorHead {
  readonly dtype: number;
  readonly shape: readonly number[];
}

export interface NamedTensor extends TensorHead {
  readonly name: string;
}

/** A length is -1 unless it is fixed. */
export interface InferredOutput {
  readonly name: string;
  readonly shape: readonly number[];
}

export type Command =
  /** Blob: the model. Those of `unload` are released first. */
  | { readonly kind: "load"; readonly model: string; readonly unload: readonly string[] }
  /** Blobs: the data of the inputs. The model must be loaded. */
  | {
      readonly kind: "run";
      readonly model: string;
      readonly inputs: readonly NamedTensor[];
      readonly outputs: readonly string[];
    }
  /** Blob: a model, whose session is made and released at once. */
  | { readonly kind: "inspect" };

/**
 * `model`: the engine's answer about this model and these inputs, the same on every machine. `memory`: the memory allowed was not enough.
 * `fault`: anything else; the process is not to be used again.
 */
export type FailureClass = "model" | "memory" | "fault";

export type Reply =
  | { readonly kind: "ready" }
  /** The installed engine is not the pinned one, or can't run here: never to be asked again. */
  | { readonly kind: "unfit"; readonly reason: string }
  | { readonly kind: "loaded" }
  /** Blobs: the data of the outputs. */
  | { readonly kind: "outputs"; readonly outputs: readonly TensorHead[] }
  | { readonly kind: "inspected"; readonly outputs: readonly InferredOutput[] }
  | { readonly kind: "failed"; readonly failure: FailureClass; readonly reason: string };

const MAX_REASON = 1024;
const MAX_NAMES = 4096;

/** Text from an engine, cut to what belongs into a log line. */
export function shorten(reason: string): string {
  return reason.length <= MAX_REASON ? reason : `${reason.slice(0, MAX_REASON)}…`;
}

/** A reply as it came from the child, or undefined when it is none. */
export function parseReply(message: unknown): Reply | undefined {
  if (!isRecord(message)) return undefined;
  const fields = message;
  switch (fields.kind) {
    case "ready":
    case "loaded":
      return { kind: fields.kind };
    case "unfit":
      return typeof fields.reason === "string" ? { kind: "unfit", reason: shorten(fields.reason) } : undefined;
    case "outputs":
      return isList(fields.outputs, isTensorHead) ? { kind: "outputs", outputs: fields.outputs } : undefined;
    case "inspected":
      return isList(fields.outputs, isInferredOutput) ? { kind: "inspected", outputs: fields.outputs } : undefined;
    case "failed":
      return isFailureClass(fields.failure) && typeof fields.reason === "string"
        ? { kind: "failed", failure: fields.failure, reason: shorten(fields.reason) }
        : undefined;
    default:
      return undefined;
  }
}

function isList<T>(value: unknown, is: (item: unknown) => item is T): value is readonly T[] {
  return Array.isArray(value) && value.length <= MAX_NAMES && value.every(is);
}

function isFailureClass(value: unknown): value is FailureClass {
  return value === "model" || value === "memory" || value === "fault";
}

function isTensorHead(value: unknown): value is TensorHead {
  return isRecord(value) && Number.isSafeInteger(value.dtype) && isList(value.shape, isInteger);
}

function isInferredOutput(value: unknown): value is InferredOutput {
  return isRecord(value) && typeof value.name === "string" && isList(value.shape, isInteger);
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
