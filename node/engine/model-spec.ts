import { DTYPES, MAX_RANK, MAX_TENSOR_BYTES, type Tensors } from "../../modules/inference/tensors.ts";

/** Stands for "any length" in a declared shape. */
export const ANY_LENGTH = -1;

/** One declared input or output. `dtype` is the number of ONNX (DTYPES[...].code); a length of the shape may be ANY_LENGTH. */
export interface TensorSpec {
  readonly name: string;
  readonly dtype: number;
  readonly shape: readonly number[];
}

/** The tensors of a model in the order of its manifest, which is the order of `Tensors`. */
export interface ModelSpec {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

const ELEMENT_BYTES = new Map<number, number>(Object.values(DTYPES).map(({ code, size }) => [code, size]));

/**
 * Whether tensors are what a manifest declares: count, dtype, rank, lengths, bytes. Undefined when they are, otherwise
 * what differs. A pure function of its arguments, so every node gives the same answer.
 */
export function mismatch(specs: readonly TensorSpec[], tensors: Tensors): string | undefined {
  if (tensors.length !== specs.length) return `${tensors.length} tensors, ${specs.length} declared`;
  for (const [i, spec] of specs.entries()) {
    const tensor = tensors[i];
    if (tensor === undefined) return `${spec.name}: missing`;
    const { dtype, shape, data } = tensor;
    const size = ELEMENT_BYTES.get(dtype);
    if (size === undefined) return `${spec.name}: unknown dtype ${dtype}`;
    if (dtype !== spec.dtype) return `${spec.name}: dtype ${dtype}, declared ${spec.dtype}`;
    if (shape.length > MAX_RANK || shape.length !== spec.shape.length) {
      return `${spec.name}: rank ${shape.length}, declared ${spec.shape.length}, at most ${MAX_RANK}`;
    }
    let bytes = size;
    for (const [axis, length] of shape.entries()) {
      const declared = spec.shape[axis];
      if (!Number.isSafeInteger(length) || length < 0) return `${spec.name}: length ${length} of axis ${axis}`;
      if (declared !== ANY_LENGTH && declared !== length) {
        return `${spec.name}: length ${length} of axis ${axis}, declared ${declared}`;
      }
      bytes *= length;
    }
    if (bytes > MAX_TENSOR_BYTES) return `${spec.name}: ${bytes} bytes, at most ${MAX_TENSOR_BYTES}`;
    if (bytes !== data.length) return `${spec.name}: ${data.length} bytes of data, ${bytes} in the shape`;
  }
  return undefined;
}
