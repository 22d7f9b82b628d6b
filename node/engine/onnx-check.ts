import type { TensorSpec } from "./model-spec.ts";
import { checkInterface, MAX_NAME_BYTES, readValueInfo, type ValueInfo } from "./onnx-interface.ts";
import { DEFAULT_DOMAIN, operatorName, refusal } from "./onnx-operators.ts";
import {
  enter,
  MAX_ELEMENTS,
  MalformedModelError,
  openWire,
  readInt64,
  readMessage,
  readText,
  refuse,
  spendField,
  type Wire,
} from "./onnx-wire.ts";

/** An output; `shape` is undefined where the file gives none. */
export interface OutputSummary extends Omit<TensorSpec, "shape"> {
  readonly shape: readonly number[] | undefined;
}

/** What a model says about itself. Symbolic and absent lengths are ANY_LENGTH. */
export interface ModelSummary {
  /** Required inputs: those with an initialiser of the same name are left out. */
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly OutputSummary[];
  /** Version of the default operator set; 0 when the model imports none. */
  readonly opset: number;
  /** Distinct operators, subgraphs included, in byte order; with their domain (`com.microsoft.Gelu`) unless it is the default one. */
  readonly operators: readonly string[];
}

export type ModelCheck = ({ readonly ok: true } & ModelSummary) | { readonly ok: false; readonly reason: string };

export const MAX_MODEL_BYTES = 64 * 1024 * 1024;
const MAX_GRAPH_DEPTH = 16;
const MAX_NODES = 100_000;
/** Fields, and lengths of shapes. Bounds the time of a check: under a second for this many. */
const MAX_FIELDS = 4_000_000;
const EXTERNAL = 1;

/** Field numbers of onnx.proto (onnx 1.19, IR version 11); only those that are read. */
const MODEL = { graph: 7, opsetImport: 8, trainingInfo: 20, functions: 25 } as const;
const OPSET = { domain: 1, version: 2 } as const;
const GRAPH = { node: 1, name: 2, initializer: 5, input: 11, output: 12, sparseInitializer: 15 } as const;
const NODE = { input: 1, name: 3, opType: 4, attribute: 5, domain: 7, overload: 8 } as const;
const ATTRIBUTE = {
  name: 1,
  f: 2,
  i: 3,
  s: 4,
  t: 5,
  g: 6,
  tensors: 10,
  graphs: 11,
  tp: 14,
  type: 20,
  refAttrName: 21,
  sparseTensor: 22,
  sparseTensors: 23,
} as const;
const TENSOR = { dims: 1, dataType: 2, segment: 3, name: 8, rawData: 9, externalData: 13, dataLocation: 14 } as const;

/** Fields that may come once only. */
const SINGULAR = {
  model: new Set([1, 2, 3, 4, 5, 6, MODEL.graph]),
  opset: new Set<number>(Object.values(OPSET)),
  graph: new Set<number>([GRAPH.name]),
  node: new Set<number>([NODE.name, NODE.opType, NODE.domain, NODE.overload]),
  attribute: new Set<number>([
    ATTRIBUTE.name,
    ATTRIBUTE.f,
    ATTRIBUTE.i,
    ATTRIBUTE.s,
    ATTRIBUTE.t,
    ATTRIBUTE.g,
    ATTRIBUTE.tp,
    ATTRIBUTE.type,
    ATTRIBUTE.refAttrName,
    ATTRIBUTE.sparseTensor,
  ]),
  tensor: new Set<number>([TENSOR.dataType, TENSOR.segment, TENSOR.name, TENSOR.rawData, TENSOR.dataLocation]),
};

interface Findings {
  readonly operators: Set<string>;
  nodes: number;
}

/**
 * Reads an ONNX model without running anything: well-formed protobuf, only operators that are deterministic in the canonical engine,
 * no data outside the file, tensors of the types and ranks that the chain carries. It does not say that the model runs: an engine
 * must still make a session of it. Never throws; time and memory are bounded by the limits above.
 */
export function checkModel(bytes: Uint8Array): ModelCheck {
  try {
    return { ok: true, ...readModel(bytes) };
  } catch (error) {
    if (error instanceof MalformedModelError) return { ok: false, reason: error.message };
    // The reader's own: a varint or a value that runs over the end of the file.
    if (error instanceof Error) return { ok: false, reason: `not a protobuf message: ${error.message}` };
    throw error;
  }
}

function readModel(bytes: Uint8Array): ModelSummary {
  if (bytes.length > MAX_MODEL_BYTES) refuse(`${bytes.length} bytes, at most ${MAX_MODEL_BYTES}`);
  // onnxruntime takes a file with this mark for its own format, whatever else it is.
  if (bytes[4] === 0x4f && bytes[5] === 0x52 && bytes[6] === 0x54 && bytes[7] === 0x4d) refuse("ORT format, not ONNX");
  const wire = openWire(bytes, MAX_FIELDS);
  const findings: Findings = { operators: new Set(), nodes: 0 };
  const opsets = new Map<string, number>();
  let graph: GraphInterface | undefined;
  readMessage(wire, bytes.length, SINGULAR.model, (field, type) => {
    switch (field) {
      case MODEL.graph:
        graph = readGraph(wire, enter(wire, bytes.length, type, "the graph"), 1, findings);
        return true;
      case MODEL.opsetImport:
        readOpset(wire, enter(wire, bytes.length, type, "an operator set"), opsets);
        return true;
      case MODEL.trainingInfo:
        return refuse("training information: export for inference");
      case MODEL.functions:
        return refuse("local functions: inline them");
      default:
        return false;
    }
  });
  if (graph === undefined) return refuse("no graph");
  const { initializers } = graph;
  return {
    inputs: withShapes(
      checkInterface(
        graph.inputs.filter(({ name }) => !initializers.has(name)),
        "input",
      ),
    ),
    outputs: checkInterface(graph.outputs, "output"),
    opset: opsets.get(DEFAULT_DOMAIN) ?? 0,
    operators: [...findings.operators].sort(),
  };
}

function withShapes(inputs: readonly OutputSummary[]): readonly TensorSpec[] {
  return inputs.map(({ name, dtype, shape }) => ({
    name,
    dtype,
    shape: shape ?? refuse(`input ${name} has no shape`),
  }));
}

function readOpset(wire: Wire, end: number, opsets: Map<string, number>): void {
  let domain = DEFAULT_DOMAIN;
  let version = 0;
  readMessage(wire, end, SINGULAR.opset, (field, type) => {
    if (field === OPSET.domain) domain = readDomain(wire, end, type);
    else if (field === OPSET.version) version = readInt64(wire, type, "an operator set's version");
    else return false;
    return true;
  });
  if (opsets.has(domain)) refuse(`operator set ${domain || "ai.onnx"} twice`);
  opsets.set(domain, version);
}

function readDomain(wire: Wire, end: number, wireType: number): string {
  const domain = readText(wire, end, wireType, "a domain", MAX_NAME_BYTES);
  return domain === "ai.onnx" ? DEFAULT_DOMAIN : domain;
}

interface GraphInterface {
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly initializers: ReadonlySet<string>;
}

function readGraph(wire: Wire, end: number, depth: number, findings: Findings): GraphInterface {
  if (depth > MAX_GRAPH_DEPTH) refuse(`graphs nested deeper than ${MAX_GRAPH_DEPTH}`);
  const inputs: ValueInfo[] = [];
  const outputs: ValueInfo[] = [];
  const initializers = new Set<string>();
  readMessage(wire, end, SINGULAR.graph, (field, type) => {
    switch (field) {
      case GRAPH.node:
        readNode(wire, enter(wire, end, type, "a node"), depth, findings);
        return true;
      case GRAPH.initializer:
        initializers.add(readTensor(wire, enter(wire, end, type, "an initialiser")));
        return true;
      case GRAPH.sparseInitializer:
        return refuse("a sparse initialiser");
      case GRAPH.input:
        inputs.push(readValueInfo(wire, enter(wire, end, type, "an input")));
        return true;
      case GRAPH.output:
        outputs.push(readValueInfo(wire, enter(wire, end, type, "an output")));
        return true;
      default:
        return false;
    }
  });
  return { inputs, outputs, initializers };
}

function readNode(wire: Wire, end: number, depth: number, findings: Findings): void {
  findings.nodes++;
  if (findings.nodes > MAX_NODES) refuse(`more than ${MAX_NODES} nodes`);
  let operator = "";
  let domain = DEFAULT_DOMAIN;
  const inputs: boolean[] = []; // Whether each is given; an empty name leaves an optional one out.
  readMessage(wire, end, SINGULAR.node, (field, type) => {
    switch (field) {
      case NODE.input: {
        const stop = enter(wire, end, type, "a node's input");
        inputs.push(stop > wire.reader.pos);
        wire.reader.pos = stop;
        return true;
      }
      case NODE.opType:
        operator = readText(wire, end, type, "an operator", MAX_NAME_BYTES);
        return true;
      case NODE.domain:
        domain = readDomain(wire, end, type);
        return true;
      case NODE.attribute:
        readAttribute(wire, enter(wire, end, type, "an attribute"), depth, findings);
        return true;
      default:
        return false;
    }
  });
  const reason = refusal(domain, operator, inputs);
  if (reason !== undefined) refuse(reason);
  findings.operators.add(operatorName(domain, operator));
}

function readAttribute(wire: Wire, end: number, depth: number, findings: Findings): void {
  readMessage(wire, end, SINGULAR.attribute, (field, type) => {
    switch (field) {
      case ATTRIBUTE.t:
      case ATTRIBUTE.tensors:
        readTensor(wire, enter(wire, end, type, "an attribute's tensor"));
        return true;
      case ATTRIBUTE.g:
      case ATTRIBUTE.graphs:
        readGraph(wire, enter(wire, end, type, "an attribute's graph"), depth + 1, findings);
        return true;
      case ATTRIBUTE.sparseTensor:
      case ATTRIBUTE.sparseTensors:
        return refuse("a sparse tensor");
      default:
        return false;
    }
  });
}

/** Returns its name. */
function readTensor(wire: Wire, end: number): string {
  let name = "";
  let elements = 1;
  const addLength = (type: number): void => {
    const length = readInt64(wire, type, "a tensor's length");
    if (length < 0 || length > MAX_ELEMENTS) refuse(`tensor ${name} with a length of ${length}`);
    elements *= length;
    if (elements > MAX_ELEMENTS) refuse(`tensor ${name} of more than ${MAX_ELEMENTS} elements`);
  };
  readMessage(wire, end, SINGULAR.tensor, (field, type) => {
    switch (field) {
      case TENSOR.dims: {
        if (type !== 2) {
          addLength(type);
          return true;
        }
        const stop = enter(wire, end, type, "a tensor's shape");
        while (wire.reader.pos < stop) {
          spendField(wire); // A length costs as much as a field does.
          addLength(0);
        }
        if (wire.reader.pos > stop) refuse("a tensor's shape passes its end");
        return true;
      }
      case TENSOR.name:
        name = readText(wire, end, type, "a tensor's name", 4 * MAX_NAME_BYTES);
        return true;
      case TENSOR.externalData:
        return refuse(`tensor ${name} has its data in another file: save the model as one file`);
      case TENSOR.dataLocation:
        if (readInt64(wire, type, "a tensor's data location") === EXTERNAL) {
          refuse(`tensor ${name} has its data in another file: save the model as one file`);
        }
        return true;
      default:
        return false;
    }
  });
  return name;
}
