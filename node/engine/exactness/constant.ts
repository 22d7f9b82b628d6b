import { refuse } from "../onnx-wire.ts";
import { DTYPE } from "./element-types.ts";
import { own, type TensorProto } from "./onnx-reader.ts";

/** A tensor whose values are in the file. Numbers of 64 bits are the nearest doubles. */
export interface Constant {
  readonly dtype: number;
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

type Carrier = "floatData" | "int32Data" | "int64Data" | "doubleData" | "uint64Data";

interface Layout {
  readonly carrier: Carrier;
  readonly bytes: number;
  /** Takes bytes that start at a multiple of their size. */
  readonly view: (bytes: Uint8Array) => ArrayLike<number>;
}

const at = (bytes: Uint8Array, size: number) => [bytes.buffer, bytes.byteOffset, bytes.byteLength / size] as const;

/** As onnx.proto has it: where the values of each type lie, and how raw data (little-endian) is read. */
const LAYOUTS: ReadonlyMap<number, Layout> = new Map<number, Layout>([
  [DTYPE.float, { carrier: "floatData", bytes: 4, view: (b) => new Float32Array(...at(b, 4)) }],
  [DTYPE.double, { carrier: "doubleData", bytes: 8, view: (b) => new Float64Array(...at(b, 8)) }],
  [DTYPE.uint8, { carrier: "int32Data", bytes: 1, view: (b) => b }],
  [DTYPE.int8, { carrier: "int32Data", bytes: 1, view: (b) => new Int8Array(...at(b, 1)) }],
  [DTYPE.bool, { carrier: "int32Data", bytes: 1, view: (b) => b }],
  [DTYPE.uint16, { carrier: "int32Data", bytes: 2, view: (b) => new Uint16Array(...at(b, 2)) }],
  [DTYPE.int16, { carrier: "int32Data", bytes: 2, view: (b) => new Int16Array(...at(b, 2)) }],
  [DTYPE.int32, { carrier: "int32Data", bytes: 4, view: (b) => new Int32Array(...at(b, 4)) }],
  [DTYPE.uint32, { carrier: "uint64Data", bytes: 4, view: (b) => new Uint32Array(...at(b, 4)) }],
  [
    DTYPE.int64,
    { carrier: "int64Data", bytes: 8, view: (b) => Float64Array.from(new BigInt64Array(...at(b, 8)), Number) },
  ],
  [
    DTYPE.uint64,
    { carrier: "uint64Data", bytes: 8, view: (b) => Float64Array.from(new BigUint64Array(...at(b, 8)), Number) },
  ],
]);

const CARRIERS: readonly Carrier[] = ["floatData", "int32Data", "int64Data", "doubleData", "uint64Data"];

/**
 * The values of a tensor of the file; undefined for types that nothing is proven of.
 * @throws MalformedModelError unless its shape has as many elements as it has values, all in one place, each of its type.
 */
export function readConstant(tensor: TensorProto): Constant | undefined {
  const { dataType: dtype, dims: shape, name } = tensor;
  const layout = LAYOUTS.get(dtype);
  if (layout === undefined) return undefined;
  const raw = own(tensor, "rawData");
  const count = shape.reduce((product, length) => product * length, 1);
  const used = CARRIERS.filter((carrier) => tensor[carrier].length > 0);
  if (tensor.stringData.length > 0 || used.some((carrier) => carrier !== layout.carrier)) {
    return refuse(`tensor ${name} has values of another type`);
  }
  if (raw !== undefined) {
    if (used.length > 0) refuse(`tensor ${name} has its values twice`);
    if (raw.length !== count * layout.bytes) {
      refuse(`tensor ${name} has ${raw.length} bytes, its shape takes ${count * layout.bytes}`);
    }
    // A copy where typed arrays of several bytes could not start.
    const aligned = raw.byteOffset % layout.bytes === 0 ? raw : raw.slice();
    return { dtype, shape, values: layout.view(aligned) };
  }
  const values = tensor[layout.carrier];
  if (values.length !== count) refuse(`tensor ${name} has ${values.length} values, its shape takes ${count}`);
  return { dtype, shape, values: dtype === DTYPE.float ? Float32Array.from(values) : inRange(name, layout, values) };
}

/** int32_data also holds smaller numbers: one that does not fit would be cut by some readers. */
function inRange(name: string, { bytes, carrier, view }: Layout, values: readonly number[]): readonly number[] {
  if (carrier === "doubleData" || bytes === 8) return values;
  const typed = view(new Uint8Array(bytes));
  const one = typed as unknown as number[];
  for (const value of values) {
    one[0] = value;
    if (one[0] !== value) refuse(`tensor ${name} holds ${value}, which its type does not`);
  }
  return values;
}
