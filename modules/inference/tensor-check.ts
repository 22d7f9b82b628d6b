import { fromUtf8 } from "../../chain/bytes.ts";
import type { TensorDeclaration } from "./manifest.ts";
import { DTYPES, type DtypeName, type Tensor, type Tensors } from "./tensors.ts";

const BY_CODE: ReadonlyMap<number, { readonly name: DtypeName; readonly size: number }> = new Map(
  (Object.entries(DTYPES) as [DtypeName, (typeof DTYPES)[DtypeName]][]).map(([name, { code, size }]) => [
    code,
    { name, size },
  ]),
);

/** `float32`, or the number of a type that is none of ours. */
export function dtypeName(code: number): string {
  return BY_CODE.get(code)?.name ?? String(code);
}

export function dtypeCode(name: string): number | undefined {
  return Object.hasOwn(DTYPES, name) ? DTYPES[name as DtypeName].code : undefined;
}

/** Bytes of a tensor's data, which a declaration that has been checked keeps within exact doubles. */
export function dataBytes({ dtype, shape }: Pick<TensorDeclaration, "dtype" | "shape">): number {
  return shape.reduce((bytes, length) => bytes * length, BY_CODE.get(dtype)?.size ?? 0);
}

/** Zeros of the declared types and shapes. */
export function zerosOf(declarations: readonly TensorDeclaration[]): Tensor[] {
  return declarations.map(({ dtype, shape }) => ({
    dtype,
    shape: [...shape],
    data: new Uint8Array(dataBytes({ dtype, shape })),
  }));
}

/** Bytes of the serialised SSZ `Tensors` that these declarations describe: 4 offset, 9 fixed, 8 a dimension, data. */
export function serializedBytes(declarations: readonly TensorDeclaration[]): number {
  return declarations.reduce((sum, each) => sum + 13 + 8 * each.shape.length + dataBytes(each), 0);
}

function shapeText(shape: readonly number[]): string {
  return `[${shape.join(",")}]`;
}

function tensorProblem(declared: TensorDeclaration, tensor: Tensor): string | undefined {
  if (tensor.dtype !== declared.dtype) {
    return `dtype is ${dtypeName(tensor.dtype)}, expected ${dtypeName(declared.dtype)}`;
  }
  const { shape } = tensor;
  if (shape.length !== declared.shape.length || shape.some((length, axis) => length !== declared.shape[axis])) {
    return `shape is ${shapeText(shape)}, expected ${shapeText(declared.shape)}`;
  }
  const bytes = dataBytes(declared);
  if (tensor.data.length !== bytes) return `data has ${tensor.data.length} bytes, expected ${bytes}`;
  if (tensor.dtype === DTYPES.bool.code) {
    const at = tensor.data.findIndex((byte) => byte > 1);
    if (at >= 0) return `element ${at} is ${tensor.data[at]}, expected 0 or 1`;
  }
  return undefined;
}

/** What about tensors is not as declared, naming the tensor, the value found and the one expected. */
export function tensorsProblem(declared: readonly TensorDeclaration[], tensors: Tensors): string | undefined {
  if (tensors.length !== declared.length) return `${tensors.length} tensors, expected ${declared.length}`;
  for (const [index, declaration] of declared.entries()) {
    const tensor = tensors[index];
    const problem = tensor === undefined ? "is missing" : tensorProblem(declaration, tensor);
    if (problem !== undefined) return `tensor ${index} "${fromUtf8(declaration.name)}": ${problem}`;
  }
  return undefined;
}
