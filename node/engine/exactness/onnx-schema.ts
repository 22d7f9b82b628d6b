import { type INamespace, Root, type Type } from "protobufjs/light.js";

/** A field as `name: "3 repeated int64"`: its number, whether it repeats, its type. */
type Fields = Readonly<Record<string, string>>;

/**
 * The messages of onnx.proto (onnx 1.19, IR version 12), every field of them. In proto2, as onnxruntime compiles it: what is not in a
 * file is absent and not zero, and lists of numbers are packed or not as the file has them.
 */
const MESSAGES: Readonly<Record<string, Fields>> = {
  StringEntry: { key: "1 string", value: "2 string" },
  IntListEntry: { key: "1 int64", value: "2 repeated int64" },
  OperatorSetId: { domain: "1 string", version: "2 int64" },
  SimpleShardedDim: { dimValue: "1 int64", dimParam: "2 string", numShards: "3 int64" },
  ShardedDim: { axis: "1 int64", simpleSharding: "2 repeated SimpleShardedDim" },
  ShardingSpec: {
    tensorName: "1 string",
    device: "2 repeated int64",
    indexToDeviceGroupMap: "3 repeated IntListEntry",
    shardedDim: "4 repeated ShardedDim",
  },
  NodeDeviceConfiguration: {
    configurationId: "1 string",
    shardingSpec: "2 repeated ShardingSpec",
    pipelineStage: "3 int32",
  },
  DeviceConfiguration: { name: "1 string", numDevices: "2 int32", device: "3 repeated string" },
  Segment: { begin: "1 int64", end: "2 int64" },
  Tensor: {
    dims: "1 repeated int64",
    dataType: "2 int32",
    segment: "3 Segment",
    floatData: "4 repeated float",
    int32Data: "5 repeated int32",
    stringData: "6 repeated bytes",
    int64Data: "7 repeated int64",
    name: "8 string",
    rawData: "9 bytes",
    doubleData: "10 repeated double",
    uint64Data: "11 repeated uint64",
    docString: "12 string",
    externalData: "13 repeated StringEntry",
    dataLocation: "14 int32",
    metadataProps: "16 repeated StringEntry",
  },
  SparseTensor: { values: "1 Tensor", indices: "2 Tensor", dims: "3 repeated int64" },
  Dimension: { dimValue: "1 int64", dimParam: "2 string", denotation: "3 string" },
  TensorShape: { dim: "1 repeated Dimension" },
  TensorType: { elemType: "1 int32", shape: "2 TensorShape" },
  ElementType: { elemType: "1 TypeProto" },
  MapType: { keyType: "1 int32", valueType: "2 TypeProto" },
  OpaqueType: { domain: "1 string", name: "2 string" },
  TypeProto: {
    tensorType: "1 TensorType",
    sequenceType: "4 ElementType",
    mapType: "5 MapType",
    denotation: "6 string",
    opaqueType: "7 OpaqueType",
    sparseTensorType: "8 TensorType",
    optionalType: "9 ElementType",
  },
  ValueInfo: { name: "1 string", type: "2 TypeProto", docString: "3 string", metadataProps: "4 repeated StringEntry" },
  Attribute: {
    name: "1 string",
    f: "2 float",
    i: "3 int64",
    s: "4 bytes",
    t: "5 Tensor",
    g: "6 Graph",
    floats: "7 repeated float",
    ints: "8 repeated int64",
    strings: "9 repeated bytes",
    tensors: "10 repeated Tensor",
    graphs: "11 repeated Graph",
    docString: "13 string",
    tp: "14 TypeProto",
    typeProtos: "15 repeated TypeProto",
    type: "20 int32",
    refAttrName: "21 string",
    sparseTensor: "22 SparseTensor",
    sparseTensors: "23 repeated SparseTensor",
  },
  Node: {
    input: "1 repeated string",
    output: "2 repeated string",
    name: "3 string",
    opType: "4 string",
    attribute: "5 repeated Attribute",
    docString: "6 string",
    domain: "7 string",
    overload: "8 string",
    metadataProps: "9 repeated StringEntry",
    deviceConfigurations: "10 repeated NodeDeviceConfiguration",
  },
  TensorAnnotation: { tensorName: "1 string", quantParameterTensorNames: "2 repeated StringEntry" },
  Graph: {
    node: "1 repeated Node",
    name: "2 string",
    initializer: "5 repeated Tensor",
    docString: "10 string",
    input: "11 repeated ValueInfo",
    output: "12 repeated ValueInfo",
    valueInfo: "13 repeated ValueInfo",
    quantizationAnnotation: "14 repeated TensorAnnotation",
    sparseInitializer: "15 repeated SparseTensor",
    metadataProps: "16 repeated StringEntry",
  },
  Function: {
    name: "1 string",
    input: "4 repeated string",
    output: "5 repeated string",
    attribute: "6 repeated string",
    node: "7 repeated Node",
    docString: "8 string",
    opsetImport: "9 repeated OperatorSetId",
    domain: "10 string",
    attributeProto: "11 repeated Attribute",
    valueInfo: "12 repeated ValueInfo",
    overload: "13 string",
    metadataProps: "14 repeated StringEntry",
  },
  TrainingInfo: {
    initialization: "1 Graph",
    algorithm: "2 Graph",
    initializationBinding: "3 repeated StringEntry",
    updateBinding: "4 repeated StringEntry",
  },
  Model: {
    irVersion: "1 int64",
    producerName: "2 string",
    producerVersion: "3 string",
    domain: "4 string",
    modelVersion: "5 int64",
    docString: "6 string",
    graph: "7 Graph",
    opsetImport: "8 repeated OperatorSetId",
    metadataProps: "14 repeated StringEntry",
    trainingInfo: "20 repeated TrainingInfo",
    functions: "25 repeated Function",
    configuration: "26 repeated DeviceConfiguration",
  },
};

function descriptor(): INamespace {
  const nested = Object.entries(MESSAGES).map(([message, fields]) => {
    const entries = Object.entries(fields).map(([name, text]) => {
      const words = text.split(" ");
      const id = Number(words[0]);
      const type = words.at(-1) ?? "";
      return [name, words.length === 3 ? { id, type, rule: "repeated" } : { id, type }];
    });
    return [message, { edition: "proto2", fields: Object.fromEntries(entries) }];
  });
  return { nested: Object.fromEntries(nested) };
}

const root = Root.fromJSON(descriptor());

/** ModelProto. */
export const ModelType: Type = root.lookupType("Model");
