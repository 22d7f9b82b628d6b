import { MAX_TENSOR_NAME } from "../../modules/inference/manifest.ts";
import { DTYPES, MAX_RANK, MAX_TENSORS } from "../../modules/inference/tensors.ts";
import { ANY_LENGTH } from "./model-spec.ts";
import { enter, MAX_ELEMENTS, readInt64, readMessage, readText, refuse, type Wire } from "./onnx-wire.ts";

export const MAX_NAME_BYTES = 256;

/** Field numbers of onnx.proto. */
const VALUE_INFO = { name: 1, type: 2 } as const;
const TYPE = { tensor: 1, denotation: 6 } as const;
const TENSOR_TYPE = { elemType: 1, shape: 2 } as const;
const SHAPE = { dim: 1 } as const;
const DIMENSION = { value: 1, param: 2 } as const;

/** Fields that may come once only. */
const SINGULAR = {
  valueInfo: new Set<number>(Object.values(VALUE_INFO)),
  type: new Set<number>(Object.values(TYPE)),
  tensorType: new Set<number>(Object.values(TENSOR_TYPE)),
  shape: new Set<number>(),
  dimension: new Set<number>(Object.values(DIMENSION)),
};

const DTYPE_NAMES = new Map<number, string>(Object.entries(DTYPES).map(([name, { code }]) => [code, name]));

/** `shape` is undefined where the model gives none, `dtype` 0 where it is not a tensor. */
export interface ValueInfo {
  readonly name: string;
  readonly dtype: number;
  readonly shape: readonly number[] | undefined;
}

/** A declared input or output of a graph. */
export function readValueInfo(wire: Wire, end: number): ValueInfo {
  let name = "";
  let tensor: Omit<ValueInfo, "name"> = { dtype: 0, shape: undefined };
  let kinds = 0;
  readMessage(wire, end, SINGULAR.valueInfo, (field, type) => {
    if (field === VALUE_INFO.name) name = readText(wire, end, type, "a name", 4 * MAX_NAME_BYTES);
    else if (field === VALUE_INFO.type) {
      const stop = enter(wire, end, type, "a type");
      readMessage(wire, stop, SINGULAR.type, (kind, kindType) => {
        if (kind !== TYPE.denotation) kinds++; // The others are one-of.
        if (kind !== TYPE.tensor) return false;
        tensor = readTensorType(wire, enter(wire, stop, kindType, "a tensor type"));
        return true;
      });
    } else return false;
    return true;
  });
  if (kinds > 1) refuse(`${name} has ${kinds} types`);
  return { name, ...tensor };
}

function readTensorType(wire: Wire, end: number): Omit<ValueInfo, "name"> {
  let dtype = 0;
  let shape: number[] | undefined;
  readMessage(wire, end, SINGULAR.tensorType, (field, type) => {
    if (field === TENSOR_TYPE.elemType) dtype = readInt64(wire, type, "an element type");
    else if (field === TENSOR_TYPE.shape) shape = readShape(wire, enter(wire, end, type, "a shape"));
    else return false;
    return true;
  });
  return { dtype, shape };
}

function readShape(wire: Wire, end: number): number[] {
  const shape: number[] = [];
  readMessage(wire, end, SINGULAR.shape, (field, type) => {
    if (field !== SHAPE.dim) return false;
    const stop = enter(wire, end, type, "a length");
    let length = ANY_LENGTH;
    readMessage(wire, stop, SINGULAR.dimension, (part, partType) => {
      if (part !== DIMENSION.value) return false;
      length = readInt64(wire, partType, "a length");
      if (length < 0 || length > MAX_ELEMENTS) refuse(`a length of ${length}`);
      return true;
    });
    shape.push(length);
    return true;
  });
  return shape;
}

/** The tensors a model takes or gives, or a refusal of what the chain can't carry. */
export function checkInterface(values: readonly ValueInfo[], what: string): readonly ValueInfo[] {
  if (values.length === 0 || values.length > MAX_TENSORS)
    refuse(`${values.length} ${what}s, 1 to ${MAX_TENSORS} allowed`);
  const names = new Set<string>();
  return values.map(({ name, dtype, shape }) => {
    if (name === "" || Buffer.byteLength(name) > MAX_TENSOR_NAME)
      refuse(`${what} with a name of ${Buffer.byteLength(name)} bytes`);
    if (names.has(name)) refuse(`${what} ${name} twice`);
    names.add(name);
    if (!DTYPE_NAMES.has(dtype)) {
      refuse(`${what} ${name} has element type ${dtype}, allowed are ${[...DTYPE_NAMES.values()].join(", ")}`);
    }
    if (shape !== undefined && shape.length > MAX_RANK)
      refuse(`${what} ${name} has rank ${shape.length}, at most ${MAX_RANK}`);
    return { name, dtype, shape };
  });
}
