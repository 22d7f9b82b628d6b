import { DEFAULT_DOMAIN, operatorName } from "../onnx-operators.ts";
import { refuse } from "../onnx-wire.ts";
import { attributesOf, type Budget, type Call } from "./call.ts";
import { readConstant } from "./constant.ts";
import { constantFact } from "./constant-fact.ts";
import { DTYPE, elementType } from "./element-types.ts";
import { anyOf, type Fact, grid, integers, type Shape, UnprovenError, unproven } from "./facts.ts";
import { type GraphProto, type ModelProto, type NodeProto, own, readOnnx, type ValueInfoProto } from "./onnx-reader.ts";
import { refusalOf, ruleOf } from "./rules/table.ts";

export interface OperatorVerdict {
  /** Its name, or `#` and its place in the graph. */
  readonly node: string;
  readonly operator: string;
  readonly verdict: "exact" | "refused";
  readonly reason: string;
}

export interface Exactness {
  /** Whether the graph gives the same bits natively on every CPU with one thread, and the canonical engine's. */
  readonly exact: boolean;
  /** In the order of the file. */
  readonly operators: readonly OperatorVerdict[];
  /**
   * Float inputs, of which the proof assumes that they hold no NaN: conversions of NaN differ between CPUs. A native engine must leave
   * a run whose inputs hold one to the canonical engine.
   */
  readonly withoutNan: readonly string[];
}

/** Bounds of an input whose elements are integers (not -0). Only for a caller that lets no other input run. */
export type Domains = ReadonlyMap<string, { readonly lo: number; readonly hi: number }>;

/** Operators of the default domain mean what the rules say from this set on. */
const MIN_OPSET = 13;
/** Bounds the time of a proof to a few seconds. A file of 64 MiB holds at most half as many weights. */
const MAX_ELEMENTS_VISITED = 128 * 1024 * 1024;
const MAX_RANK = 64;

/** A value of the graph: what is proven of it, or why nothing is. */
type Value = Fact | { readonly unknown: string };

/**
 * Proves operator by operator that a model gives the same bits on every CPU, or says where the proof ends. What is not proven is refused, so
 * a refused model may well be exact. The rules and what they rest on are in rules/; facts.ts says what is tracked of each value.
 *
 * PERF: reads each weight about twice; 64 MiB take seconds, so a node runs it in a thread, as check-aside.ts does.
 * @param bytes of a model that passes onnx-check.ts.
 * @param domains of inputs; without them nothing is assumed of an input.
 * @throws MalformedModelError for bytes that are no such model.
 */
export function exactness(bytes: Uint8Array, domains: Domains = new Map()): Exactness {
  const model = readOnnx(bytes);
  const { graph } = model;
  const values = new Map<string, Value>();
  const withoutNan = readInputs(graph, values, domains);
  const opset = defaultOpset(model);
  const budget: Budget = { elements: MAX_ELEMENTS_VISITED };
  const operators = graph.node.map((node, index) => {
    const operator = operatorName(node.domain === "ai.onnx" ? DEFAULT_DOMAIN : node.domain, node.opType);
    const name = node.name === "" ? `#${index}` : brief(node.name);
    return { node: name, operator, ...judge(node, operator, opset, values, budget) };
  });
  const settled = checkOutputs(graph, values, operators);
  return { exact: settled.every(({ verdict }) => verdict === "exact"), operators: settled, withoutNan };
}

function defaultOpset({ opsetImport }: ModelProto): number {
  const found = opsetImport.find(({ domain }) => domain === DEFAULT_DOMAIN || domain === "ai.onnx");
  return found === undefined ? 0 : (own(found, "version") ?? 0);
}

const MAX_TEXT = 400;

/** Names in a file may be of any length; those in reasons are not. */
function brief(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}

function define(values: Map<string, Value>, name: string, value: Value): void {
  if (values.has(name)) refuse(`the value ${brief(name)} is made twice`);
  values.set(name, value);
}

function attempt(prove: () => Fact): Value {
  try {
    return prove();
  } catch (error) {
    if (error instanceof UnprovenError) return { unknown: error.message };
    throw error;
  }
}

/** @returns the float inputs. */
function readInputs(graph: GraphProto, values: Map<string, Value>, domains: Domains): readonly string[] {
  // An initialiser of an input's name is only its default.
  const given = new Set(graph.input.map(({ name }) => name));
  for (const info of graph.input) {
    define(
      values,
      info.name,
      attempt(() => inputFact(info, domains)),
    );
  }
  for (const tensor of graph.initializer) {
    if (tensor.dims.length > MAX_RANK) refuse(`tensor ${tensor.name} of rank ${tensor.dims.length}`);
    if (given.has(tensor.name)) continue;
    const constant = readConstant(tensor);
    define(
      values,
      tensor.name,
      attempt(() => (constant === undefined ? anyOf(tensor.dataType, tensor.dims) : constantFact(constant))),
    );
  }
  return graph.input.filter(({ type }) => isFloat(type?.tensorType?.elemType ?? 0)).map(({ name }) => name);
}

function isFloat(dtype: number): boolean {
  return elementType(dtype)?.kind === "float";
}

function inputFact({ name, type }: ValueInfoProto, domains: Domains): Fact {
  const tensor = type?.tensorType;
  const dtype = tensor?.elemType ?? 0;
  const lengths = tensor?.shape?.dim.map((dim) => own(dim, "dimValue"));
  const shape: Shape = lengths === undefined || lengths.length > MAX_RANK ? undefined : lengths;
  if (dtype === DTYPE.bool) unproven("an input of bools may hold bytes other than 0 and 1");
  const domain = domains.get(name);
  if (domain === undefined) return anyOf(dtype, shape);
  const { lo, hi } = domain;
  return dtype === DTYPE.float ? grid(0, lo, hi, "plus", shape) : integers(dtype, shape, lo, hi);
}

type Verdict = Pick<OperatorVerdict, "verdict" | "reason">;

function judge(node: NodeProto, operator: string, opset: number, values: Map<string, Value>, budget: Budget): Verdict {
  const rule = ruleOf(operator);
  let facts: readonly Fact[] = [];
  let verdict: Verdict;
  try {
    if (rule === undefined) return unproven(refusalOf(operator));
    if (node.domain !== "ai.onnx.ml" && opset < MIN_OPSET)
      unproven(`operator set ${opset}, at least ${MIN_OPSET} is read`);
    const inputs = node.input.map((name) => (name === "" ? undefined : known(values, name)));
    const call: Call = { inputs, outputs: node.output, attributes: attributesOf(node), budget };
    facts = rule.apply(call);
    if (node.output.length > facts.length) unproven(`gives ${node.output.length} outputs`, facts);
    verdict = { verdict: "exact", reason: rule.because };
  } catch (error) {
    if (!(error instanceof UnprovenError)) throw error;
    facts = error.outputs;
    verdict = { verdict: "refused", reason: brief(error.message) };
  } finally {
    for (const [index, name] of node.output.entries()) {
      if (name !== "") define(values, name, facts[index] ?? { unknown: `${operator} was refused` });
    }
  }
  return verdict;
}

function known(values: ReadonlyMap<string, Value>, name: string): Fact {
  const value = values.get(name) ?? refuse(`the value ${brief(name)} is used before it is made`);
  return "unknown" in value ? unproven(`nothing is known of its input ${name}: ${value.unknown}`) : value;
}

/** A zero whose sign may depend on the CPU is harmless until it is an output. */
function checkOutputs(
  graph: GraphProto,
  values: ReadonlyMap<string, Value>,
  operators: readonly OperatorVerdict[],
): readonly OperatorVerdict[] {
  const open = new Set<string>();
  for (const { name } of graph.output) {
    const value = values.get(name) ?? refuse(`the output ${name} is never made`);
    if (!("unknown" in value) && value.zero === "open") open.add(name);
  }
  return operators.map((operator, index) => {
    const name = graph.node[index]?.output.find((output) => open.has(output));
    if (name === undefined || operator.verdict === "refused") return operator;
    const reason = `output ${name} may hold a zero whose sign depends on the CPU (end with Abs, or Cast to an integer)`;
    return { ...operator, verdict: "refused", reason };
  });
}
