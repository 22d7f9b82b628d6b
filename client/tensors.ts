import { DTYPES, type DtypeName, MAX_RANK, MAX_TENSOR_BYTES, type Tensor } from "../modules/inference/tensors.ts";

/**
 * A tensor as people write it, row-major: `{"dtype":"float32","shape":[1,1,8,8],"data":[…]}`. Elements are numbers; for int64 also
 * bigints and decimal texts; for bool also true and false; for floats also the texts `NaN`, `Infinity` and `-Infinity`.
 */
export interface TensorInput {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: readonly TensorElement[];
}

export type TensorElement = number | bigint | string | boolean;

/** A tensor of a result. `data` is row-major and little-endian; `tensorValues` reads it. */
export interface TensorOutput {
  readonly name: string;
  readonly dtype: DtypeName;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** What a model declares about one input or output. */
export interface Declaration {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly bigint[];
}

const NOT_FINITE: Readonly<Record<string, number>> = { NaN: Number.NaN, Infinity, "-Infinity": -Infinity };

/** Each reads one element and says whether it has a place in the type. */
function float(value: unknown, round: (value: number) => number): number | undefined {
  if (typeof value === "string") return Object.hasOwn(NOT_FINITE, value) ? NOT_FINITE[value] : undefined;
  if (typeof value !== "number") return undefined;
  // A finite number that the type would turn into infinity is a mistake.
  return Number.isFinite(value) && !Number.isFinite(round(value)) ? undefined : value;
}

function integer(value: unknown, min: number, max: number): number | undefined {
  if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) return undefined;
  return value;
}

function int64(value: unknown): bigint | undefined {
  if (typeof value === "number" ? !Number.isSafeInteger(value) : typeof value !== "bigint") {
    if (typeof value !== "string" || !/^-?[0-9]{1,19}$/.test(value)) return undefined;
  }
  const found = BigInt(value as bigint | number | string);
  return BigInt.asIntN(64, found) === found ? found : undefined;
}

function bool(value: unknown): number | undefined {
  if (value === true || value === 1) return 1;
  return value === false || value === 0 ? 0 : undefined;
}

interface ElementType {
  /** False for a value that the type does not hold. */
  write(view: DataView, at: number, value: unknown): boolean;
  read(view: DataView, at: number): number | bigint | boolean;
}

function elementType<T>(
  parse: (value: unknown) => T | undefined,
  set: (view: DataView, at: number, value: T) => void,
  read: ElementType["read"],
): ElementType {
  return {
    write(view, at, value) {
      const parsed = parse(value);
      if (parsed !== undefined) set(view, at, parsed);
      return parsed !== undefined;
    },
    read,
  };
}

const TYPES: { readonly [D in DtypeName]: ElementType } = {
  float32: elementType(
    (value) => float(value, Math.fround),
    (view, at, value) => view.setFloat32(at, value, true),
    (view, at) => view.getFloat32(at, true),
  ),
  float64: elementType(
    (value) => float(value, Number),
    (view, at, value) => view.setFloat64(at, value, true),
    (view, at) => view.getFloat64(at, true),
  ),
  int8: elementType(
    (value) => integer(value, -128, 127),
    (view, at, value) => view.setInt8(at, value),
    (view, at) => view.getInt8(at),
  ),
  uint8: elementType(
    (value) => integer(value, 0, 255),
    (view, at, value) => view.setUint8(at, value),
    (view, at) => view.getUint8(at),
  ),
  int32: elementType(
    (value) => integer(value, -(2 ** 31), 2 ** 31 - 1),
    (view, at, value) => view.setInt32(at, value, true),
    (view, at) => view.getInt32(at, true),
  ),
  int64: elementType(
    int64,
    (view, at, value) => view.setBigInt64(at, value, true),
    (view, at) => view.getBigInt64(at, true),
  ),
  bool: elementType(
    bool,
    (view, at, value) => view.setUint8(at, value),
    (view, at) => view.getUint8(at) !== 0,
  ),
};

function isDtype(text: unknown): text is DtypeName {
  return typeof text === "string" && Object.hasOwn(DTYPES, text);
}

/** Elements of a shape, or undefined for one that no tensor has. */
function elementsOf(shape: unknown): number | undefined {
  if (!Array.isArray(shape) || shape.length > MAX_RANK) return undefined;
  if (!shape.every((length) => Number.isSafeInteger(length) && length >= 0)) return undefined;
  return shape.reduce((product: number, length: number) => product * length, 1);
}

/**
 * A tensor as the chain takes it.
 * @param name names the tensor in errors.
 * @throws Error for an unknown dtype, data that do not fill the shape, an element that the dtype does not hold, or more than 1 MiB.
 * @example
 * encodeTensor("x", { dtype: "int32", shape: [2], data: [1, -1] }).data // 01 00 00 00 ff ff ff ff
 */
export function encodeTensor(name: string, input: TensorInput): Tensor {
  const { dtype, shape, data: values } = input;
  if (!isDtype(dtype)) {
    throw new Error(`input ${name}: dtype ${String(dtype)} is not one of ${Object.keys(DTYPES).join(", ")}`);
  }
  const elements = elementsOf(shape);
  if (elements === undefined) {
    throw new Error(`input ${name}: a shape is up to ${MAX_RANK} whole numbers, not [${String(shape)}]`);
  }
  if (!Array.isArray(values)) throw new Error(`input ${name}: data must be a list`);
  if (values.length !== elements) {
    throw new Error(`input ${name}: ${values.length} values, the shape [${shape.join(", ")}] holds ${elements}`);
  }
  const { code, size } = DTYPES[dtype];
  if (elements * size > MAX_TENSOR_BYTES) {
    throw new Error(`input ${name}: ${elements * size} bytes, at most ${MAX_TENSOR_BYTES}`);
  }
  const data = new Uint8Array(elements * size);
  const view = new DataView(data.buffer);
  for (let index = 0; index < elements; index++) {
    const value: unknown = values[index];
    if (TYPES[dtype].write(view, index * size, value)) continue;
    throw new Error(`input ${name}: element ${index} is ${String(value).slice(0, 40)}, which is no ${dtype}`);
  }
  return { dtype: code, shape: [...shape], data };
}

function shapeText(shape: readonly (number | bigint)[]): string {
  return `[${shape.join(", ")}]`;
}

function sameShape(declared: readonly bigint[], shape: readonly number[]): boolean {
  return shape.length === declared.length && declared.every((length, axis) => Number(length) === shape[axis]);
}

/**
 * Inputs by name, put into the order of the model's declarations.
 * @throws Error naming an input that is missing, unknown or of another dtype or shape, or an element that does not fit.
 * @example
 * encodeInputs(model.inputs, { x: { dtype: "float32", shape: [1, 2], data: [0.5, 1] } });
 */
export function encodeInputs(
  declared: readonly Declaration[],
  inputs: Readonly<Record<string, TensorInput>>,
): Tensor[] {
  const names = declared.map(({ name }) => name);
  for (const name of Object.keys(inputs)) {
    if (!names.includes(name)) throw new Error(`the model has no input ${name}; it takes ${names.join(", ")}`);
  }
  return declared.map(({ name, dtype, shape }) => {
    const input = Object.hasOwn(inputs, name) ? inputs[name] : undefined;
    if (input === undefined) throw new Error(`input ${name} is missing: ${dtype} ${shapeText(shape)}`);
    if (input.dtype !== dtype) throw new Error(`input ${name} is ${String(input.dtype)}, the model takes ${dtype}`);
    const tensor = encodeTensor(name, input);
    if (!sameShape(shape, tensor.shape)) {
      throw new Error(`input ${name} has shape ${shapeText(tensor.shape)}, the model takes ${shapeText(shape)}`);
    }
    return tensor;
  });
}

/**
 * Gives a result's tensors the names the model declares.
 * @throws Error when they are not what it declares.
 */
export function nameOutputs(declared: readonly Declaration[], tensors: readonly Tensor[]): TensorOutput[] {
  if (tensors.length !== declared.length) {
    throw new Error(`there are ${tensors.length} outputs, the model declares ${declared.length}`);
  }
  return declared.map(({ name, dtype, shape }, index) => {
    const tensor = tensors[index];
    if (tensor === undefined || !isDtype(dtype) || tensor.dtype !== DTYPES[dtype].code) {
      throw new Error(`output ${name} is of type ${tensor?.dtype}, the model declares ${dtype}`);
    }
    if (!sameShape(shape, tensor.shape)) {
      throw new Error(`output ${name} has shape ${shapeText(tensor.shape)}, the model declares ${shapeText(shape)}`);
    }
    const bytes = (elementsOf(tensor.shape) ?? 0) * DTYPES[dtype].size;
    if (tensor.data.length !== bytes) throw new Error(`output ${name} has ${tensor.data.length} bytes, not ${bytes}`);
    return { name, dtype, shape: [...tensor.shape], data: tensor.data };
  });
}

/**
 * The values of a result's tensor, in row-major order: bigints for int64, booleans for bool, numbers otherwise.
 * @example
 * const scores = tensorValues(result.outputs[0]);
 */
export function tensorValues({ dtype, data }: Pick<TensorOutput, "dtype" | "data">): (number | bigint | boolean)[] {
  const { size } = DTYPES[dtype];
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Array.from({ length: Math.floor(data.length / size) }, (_, index) => TYPES[dtype].read(view, index * size));
}
