import { fromUtf8, toHex } from "../../chain/bytes.ts";
import { MAX_INLINE_OUTPUT } from "../../chain/types/limits.ts";
import { className, MAX_ABSOLUTE_TOLERANCE, MAX_RELATIVE_TOLERANCE, MODEL_CLASS } from "./classes.ts";
import {
  MAX_DATASETS,
  MAX_LICENCE,
  MAX_NAME,
  MAX_TENSOR_NAME,
  MAX_TIERS,
  MAX_VERSION,
  type ModelManifest,
  type TensorDeclaration,
} from "./manifest.ts";
import { dataBytes, serializedBytes } from "./tensor-check.ts";
import { MAX_RANK, MAX_TENSOR_BYTES, MAX_TENSORS } from "./tensors.ts";

/** Shorter than 64 characters, so that no name can pass for a root, and without `/`. */
const NAME = /^[a-z0-9][a-z0-9._-]*$/;
const VERSION = /^[A-Za-z0-9][A-Za-z0-9.+-]*$/;
const PRINTABLE = /^[ -~]*$/;
const TENSOR_NAME = /^[!-~]+$/;

function textProblem(what: string, bytes: Uint8Array, max: number, pattern: RegExp): string | undefined {
  const text = fromUtf8(bytes);
  if (bytes.length > max) return `${what} has ${bytes.length} bytes, at most ${max}`;
  return pattern.test(text) ? undefined : `${what} "${text}" must match ${pattern.source}`;
}

function declarationProblem(declaration: TensorDeclaration): string | undefined {
  const { name, shape } = declaration;
  const named = textProblem("name", name, MAX_TENSOR_NAME, TENSOR_NAME);
  if (named !== undefined) return named;
  if (shape.length > MAX_RANK) return `rank ${shape.length}, at most ${MAX_RANK}`;
  // One by one, so that the product stays exact whatever the lengths.
  for (let rank = 1; rank <= shape.length; rank++) {
    if ((shape[rank - 1] ?? 0) < 1) return `length ${shape[rank - 1]} of dimension ${rank - 1}, at least 1`;
    const bytes = dataBytes({ dtype: declaration.dtype, shape: shape.slice(0, rank) });
    if (bytes > MAX_TENSOR_BYTES) return `more than ${MAX_TENSOR_BYTES} bytes`;
  }
  return undefined;
}

function declarationsProblem(what: string, declarations: readonly TensorDeclaration[]): string | undefined {
  if (declarations.length === 0 || declarations.length > MAX_TENSORS) {
    return `${declarations.length} ${what}s, 1 to ${MAX_TENSORS} are possible`;
  }
  const names = new Set<string>();
  for (const [index, declaration] of declarations.entries()) {
    const problem = declarationProblem(declaration);
    if (problem !== undefined) return `${what} ${index}: ${problem}`;
    const id = toHex(declaration.name);
    if (names.has(id)) return `${what} ${index}: the name "${fromUtf8(declaration.name)}" stands twice`;
    names.add(id);
  }
  return undefined;
}

function toleranceProblem({
  class: code,
  absoluteTolerance: absolute,
  relativeTolerance: relative,
  inline,
}: ModelManifest): string | undefined {
  if (code !== MODEL_CLASS.tolerance) {
    return absolute + relative === 0 ? undefined : `a tolerance of a model of the class ${className(code)}`;
  }
  if (absolute + relative === 0) return "a model of the class tolerance needs a tolerance";
  if (absolute > MAX_ABSOLUTE_TOLERANCE)
    return `an absolute tolerance of ${absolute}, at most ${MAX_ABSOLUTE_TOLERANCE}`;
  if (relative > MAX_RELATIVE_TOLERANCE)
    return `a relative tolerance of ${relative}, at most ${MAX_RELATIVE_TOLERANCE}`;
  return inline ? "a model of the class tolerance can not run inline" : undefined;
}

/** What is wrong with a manifest on any network, whatever its parameters; undefined for nothing. */
export function manifestProblem(manifest: ModelManifest): string | undefined {
  const problem =
    textProblem("name", manifest.name, MAX_NAME, NAME) ??
    textProblem("version", manifest.version, MAX_VERSION, VERSION) ??
    textProblem("licence", manifest.licence, MAX_LICENCE, PRINTABLE) ??
    declarationsProblem("input", manifest.inputs) ??
    declarationsProblem("output", manifest.outputs);
  if (problem !== undefined) return problem;
  if (manifest.tier >= MAX_TIERS) return `tier ${manifest.tier}, 0 to ${MAX_TIERS - 1} are possible`;
  if (manifest.datasets.length > MAX_DATASETS) {
    return `${manifest.datasets.length} data sets, at most ${MAX_DATASETS}`;
  }
  const sets = new Set(manifest.datasets.map(toHex));
  if (sets.size < manifest.datasets.length) return "a data set stands twice";
  const tolerance = toleranceProblem(manifest);
  if (tolerance !== undefined) return tolerance;
  if (manifest.opset === 0) return "opset is 0";
  if (manifest.modelBytes === 0) return "the model has no bytes";
  if (manifest.royaltyPpm > 1_000_000) return `a royalty of ${manifest.royaltyPpm} ppm`;
  const outputBytes = serializedBytes(manifest.outputs);
  if (outputBytes > MAX_INLINE_OUTPUT) return `outputs of ${outputBytes} bytes, at most ${MAX_INLINE_OUTPUT}`;
  return undefined;
}
