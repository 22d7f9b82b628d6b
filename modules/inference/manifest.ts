import {
  BooleanType,
  ByteListType,
  ContainerType,
  ListBasicType,
  ListCompositeType,
  type ValueOf,
} from "@chainsafe/ssz";
import { portable } from "../../chain/types/portable.ts";
import { Bytes20, Bytes32, Uint8, Uint32, Uint64, UintBn128 } from "../../chain/types/primitives.ts";
import { MAX_RANK, MAX_TENSORS } from "./tensors.ts";

export const MAX_NAME = 63;
export const MAX_VERSION = 32;
export const MAX_LICENCE = 64;
/** Tensor names of exporters are long paths at times. */
export const MAX_TENSOR_NAME = 128;
export const MAX_PROBES = 8;
/** Data sets that a manifest names. */
export const MAX_DATASETS = 16;
/** Inputs that an admission adds to them. */
export const MAX_GENERATED = 8;
/** A tier is a class of machines: a model names the one that it needs, a validator those that it serves. */
export const MAX_TIERS = 8;

/** A declared input or output: UTF-8 name, ONNX number of the element type, concrete lengths, all positive. */
export const TensorDeclaration = new ContainerType(
  {
    name: portable(() => new ByteListType(MAX_TENSOR_NAME)),
    dtype: Uint8,
    shape: portable(() => new ListBasicType(Uint64, MAX_RANK)),
  },
  { typeName: "TensorDeclaration" },
);
export type TensorDeclaration = ValueOf<typeof TensorDeclaration>;

const Declarations = portable(() => new ListCompositeType(TensorDeclaration, MAX_TENSORS));

/**
 * What is fixed about a model for life. `probeRoots` are the hash_tree_roots of the probes' inputs, so that the root of
 * this container is the same as that of one which holds the inputs themselves.
 */
export const ModelManifest = new ContainerType(
  {
    owner: Bytes20,
    /** ASCII; unique among the owner's models. */
    name: portable(() => new ByteListType(MAX_NAME)),
    version: portable(() => new ByteListType(MAX_VERSION)),
    /** A number of MODEL_CLASS (classes.ts). */
    class: Uint8,
    engineId: Bytes32,
    inputs: Declarations,
    outputs: Declarations,
    /** Version of the default operator set that the file imports. The chain never sees the file: nodes compare before they run it. */
    opset: Uint32,
    /** Root of the model's blob. */
    modelRoot: Bytes32,
    modelBytes: Uint64,
    /** Of one run, in base units, on top of the base fee. */
    fee: UintBn128,
    royaltyPpm: Uint32,
    licence: portable(() => new ByteListType(MAX_LICENCE)),
    /** Root of the model it was derived from, or zero. */
    parent: Bytes32,
    /** Roots of the data sets that it was trained on, in whatever way their maker hashes them. */
    datasets: portable(() => new ListCompositeType(Bytes32, MAX_DATASETS)),
    probeRoots: portable(() => new ListCompositeType(Bytes32, MAX_PROBES)),
    /** The class of machines that it needs: only validators that serve it are asked. */
    tier: Uint8,
    /** May run while a block is executed, as part of the resident set. Its graph must then take the same steps on any input. */
    inline: new BooleanType(),
    /** Outputs are revealed without commitments before: a run is final a block earlier, and whoever is lazy can copy. */
    direct: new BooleanType(),
    /**
     * Of the class `tolerance`, in units of 10^-9, else zero: each number of an output may differ from the executor's by as much as the absolute part and
     * the relative part of the executor's number together.
     */
    absoluteTolerance: Uint64,
    relativeTolerance: Uint64,
  },
  { typeName: "ModelManifest" },
);
export type ModelManifest = ValueOf<typeof ModelManifest>;
