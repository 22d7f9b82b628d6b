/** How an element stands in JSON. */
export interface JsonElement {
  /** The literal of the element at byte `at`; undefined for NaN and the infinities, which JSON has none for. */
  literal(view: DataView, at: number): string | undefined;
  /** Writes a parsed JSON value at byte `at`; false when it is none of this type, or out of its range. */
  store(view: DataView, at: number, value: unknown): boolean;
}

/** An element type of the Open Inference Protocol ("Tensor Data Types"). Data is little-endian and row-major. */
export interface Datatype {
  readonly name: string;
  /** Its number in ONNX (`TensorProto.DataType`), as in modules/inference/tensors.ts. */
  readonly dtype: number;
  /** Bytes of an element. */
  readonly size: number;
  /** Undefined where the protocol carries the type as binary data only. */
  readonly json?: JsonElement;
}

const BOOL: JsonElement = {
  literal: (view, at) => (view.getUint8(at) === 0 ? "false" : "true"),
  store(view, at, value) {
    if (typeof value !== "boolean") return false;
    view.setUint8(at, value ? 1 : 0);
    return true;
  },
};

type Get<T> = (view: DataView, at: number) => T;
type Set<T> = (view: DataView, at: number, value: T) => void;

function integer(min: number, max: number, get: Get<number>, set: Set<number>): JsonElement {
  return {
    literal: (view, at) => String(get(view, at)),
    store(view, at, value) {
      if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) return false;
      set(view, at, value);
      return true;
    },
  };
}

/** Values beyond 2^53 come as bigints: bounded-json.ts reads their digits. */
function integer64(min: bigint, max: bigint, get: Get<bigint>, set: Set<bigint>): JsonElement {
  return {
    literal: (view, at) => String(get(view, at)),
    store(view, at, value) {
      if (typeof value !== "bigint" && !Number.isSafeInteger(value)) return false;
      const exact = BigInt(value as number | bigint);
      if (exact < min || exact > max) return false;
      set(view, at, exact);
      return true;
    },
  };
}

/** @param round to the precision of the type: what overflows there is refused. */
function float(round: (value: number) => number, get: Get<number>, set: Set<number>): JsonElement {
  return {
    literal(view, at) {
      const value = get(view, at);
      if (!Number.isFinite(value)) return undefined;
      return Object.is(value, -0) ? "-0.0" : String(value);
    },
    store(view, at, value) {
      if (typeof value !== "number" && typeof value !== "bigint") return false;
      const rounded = round(Number(value));
      if (!Number.isFinite(rounded)) return false;
      set(view, at, rounded);
      return true;
    },
  };
}

/** All numeric types of the protocol. Which of them a model can have is for its manifest. BYTES, of no fixed size, is none of them. */
export const DATATYPES: readonly Datatype[] = [
  { name: "BOOL", dtype: 9, size: 1, json: BOOL },
  {
    name: "UINT8",
    dtype: 2,
    size: 1,
    json: integer(
      0,
      0xff,
      (view, at) => view.getUint8(at),
      (view, at, value) => view.setUint8(at, value),
    ),
  },
  {
    name: "UINT16",
    dtype: 4,
    size: 2,
    json: integer(
      0,
      0xffff,
      (view, at) => view.getUint16(at, true),
      (view, at, value) => view.setUint16(at, value, true),
    ),
  },
  {
    name: "UINT32",
    dtype: 12,
    size: 4,
    json: integer(
      0,
      0xffffffff,
      (view, at) => view.getUint32(at, true),
      (view, at, value) => view.setUint32(at, value, true),
    ),
  },
  {
    name: "UINT64",
    dtype: 13,
    size: 8,
    json: integer64(
      0n,
      2n ** 64n - 1n,
      (view, at) => view.getBigUint64(at, true),
      (view, at, value) => view.setBigUint64(at, value, true),
    ),
  },
  {
    name: "INT8",
    dtype: 3,
    size: 1,
    json: integer(
      -0x80,
      0x7f,
      (view, at) => view.getInt8(at),
      (view, at, value) => view.setInt8(at, value),
    ),
  },
  {
    name: "INT16",
    dtype: 5,
    size: 2,
    json: integer(
      -0x8000,
      0x7fff,
      (view, at) => view.getInt16(at, true),
      (view, at, value) => view.setInt16(at, value, true),
    ),
  },
  {
    name: "INT32",
    dtype: 6,
    size: 4,
    json: integer(
      -0x80000000,
      0x7fffffff,
      (view, at) => view.getInt32(at, true),
      (view, at, value) => view.setInt32(at, value, true),
    ),
  },
  {
    name: "INT64",
    dtype: 7,
    size: 8,
    json: integer64(
      -(2n ** 63n),
      2n ** 63n - 1n,
      (view, at) => view.getBigInt64(at, true),
      (view, at, value) => view.setBigInt64(at, value, true),
    ),
  },
  { name: "FP16", dtype: 10, size: 2 },
  {
    name: "FP32",
    dtype: 1,
    size: 4,
    json: float(
      Math.fround,
      (view, at) => view.getFloat32(at, true),
      (view, at, value) => view.setFloat32(at, value, true),
    ),
  },
  {
    name: "FP64",
    dtype: 11,
    size: 8,
    json: float(
      (value) => value,
      (view, at) => view.getFloat64(at, true),
      (view, at, value) => view.setFloat64(at, value, true),
    ),
  },
];

const BY_NAME = new Map(DATATYPES.map((datatype) => [datatype.name, datatype]));
const BY_DTYPE = new Map(DATATYPES.map((datatype) => [datatype.dtype, datatype]));

export function datatypeNamed(name: unknown): Datatype | undefined {
  return typeof name === "string" ? BY_NAME.get(name) : undefined;
}

/** @param dtype its number in ONNX. */
export function datatypeOf(dtype: number): Datatype | undefined {
  return BY_DTYPE.get(dtype);
}
