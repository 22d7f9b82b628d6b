/** Numbers of TensorProto.DataType. */
export const DTYPE = {
  float: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  double: 11,
  uint32: 12,
  uint64: 13,
} as const;

/** `lo` and `hi` are the values of an integer type; those of 64 bits are rounded outwards. */
export interface ElementType {
  readonly name: string;
  readonly kind: "float" | "integer" | "bool";
  readonly lo: number;
  readonly hi: number;
}

const float = (name: string): ElementType => ({ name, kind: "float", lo: -Infinity, hi: Infinity });
const signed = (bits: number): ElementType => ({
  name: `int${bits}`,
  kind: "integer",
  lo: -(2 ** (bits - 1)),
  hi: bits === 64 ? 2 ** 63 : 2 ** (bits - 1) - 1,
});
const unsigned = (bits: number): ElementType => ({
  name: `uint${bits}`,
  kind: "integer",
  lo: 0,
  hi: bits === 64 ? 2 ** 64 : 2 ** bits - 1,
});

const ELEMENT_TYPES: ReadonlyMap<number, ElementType> = new Map([
  [DTYPE.float, float("float32")],
  [DTYPE.double, float("float64")],
  [DTYPE.uint8, unsigned(8)],
  [DTYPE.int8, signed(8)],
  [DTYPE.uint16, unsigned(16)],
  [DTYPE.int16, signed(16)],
  [DTYPE.int32, signed(32)],
  [DTYPE.int64, signed(64)],
  [DTYPE.uint32, unsigned(32)],
  [DTYPE.uint64, unsigned(64)],
  [DTYPE.bool, { name: "bool", kind: "bool", lo: 0, hi: 1 }],
]);

/** Undefined for types that nothing here is proven of: half floats, texts, 4-bit and complex numbers. */
export function elementType(dtype: number): ElementType | undefined {
  return ELEMENT_TYPES.get(dtype);
}

export function typeName(dtype: number): string {
  return ELEMENT_TYPES.get(dtype)?.name ?? `element type ${dtype}`;
}
