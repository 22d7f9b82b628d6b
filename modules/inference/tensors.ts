import { ByteListType, ContainerType, ListBasicType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { portable } from "../../chain/types/portable.ts";
import { Uint8, Uint64 } from "../../chain/types/primitives.ts";

/** Element types, by their number in ONNX (`TensorProto.DataType`), with their size in bytes. Data is little-endian. */
export const DTYPES = {
  float32: { code: 1, size: 4 },
  uint8: { code: 2, size: 1 },
  int8: { code: 3, size: 1 },
  int32: { code: 6, size: 4 },
  int64: { code: 7, size: 8 },
  bool: { code: 9, size: 1 },
  float64: { code: 11, size: 8 },
} as const;
export type DtypeName = keyof typeof DTYPES;

export const MAX_RANK = 8;
export const MAX_TENSORS = 16;
/** Bytes of one tensor's data, which only inputs in a blob come near; requests and outputs have lower limits of their own. */
export const MAX_TENSOR_BYTES = 16 * 1024 * 1024;
/** Bytes of one output tensor that an engine may hand over; the chain takes fewer. */
export const MAX_OUTPUT_TENSOR_BYTES = 1024 * 1024;

export const Tensor = new ContainerType(
  {
    dtype: Uint8,
    shape: portable(() => new ListBasicType(Uint64, MAX_RANK)),
    data: portable(() => new ByteListType(MAX_TENSOR_BYTES)),
  },
  { typeName: "Tensor" },
);
export type Tensor = ValueOf<typeof Tensor>;

/**
 * The inputs or outputs of one run, in the order of the model's manifest, which also holds their names. Their
 * hash_tree_root is the inputs root or the output root.
 */
export const Tensors = portable(() => new ListCompositeType(Tensor, MAX_TENSORS));
export type Tensors = readonly Tensor[];

/**
 * The reserved output of a deterministic engine error (an index out of range, say): no run yields an empty list.
 */
export const EXEC_ERROR: Tensors = [];
