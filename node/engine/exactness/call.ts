import { MAX_NAME_BYTES } from "../onnx-interface.ts";
import { refuse } from "../onnx-wire.ts";
import { type Fact, unproven } from "./facts.ts";
import { type AttributeProto, type NodeProto, own } from "./onnx-reader.ts";
import type { Window } from "./shapes.ts";

/** One node with what is known of its inputs. */
export interface Call {
  /** Undefined where an optional input is left out. */
  readonly inputs: readonly (Fact | undefined)[];
  /** Names; "" where an optional output is left out. */
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, AttributeProto>;
  readonly budget: Budget;
}

/** Elements of constants that may still be looked at for one model: many nodes can share one large constant. */
export interface Budget {
  elements: number;
}

export function spend(budget: Budget, elements: number): void {
  budget.elements -= elements;
  if (budget.elements < 0) unproven("the nodes share constants so large that a proof would take too long");
}

/**
 * What is proven of the outputs of an operator: how it computes, for the table, and a function from inputs to outputs that throws
 * UnprovenError where the operator may give other bits on another CPU.
 */
export interface Rule {
  readonly because: string;
  readonly apply: (call: Call) => readonly Fact[];
}

const TYPE = { float: 1, int: 2, string: 3, tensor: 4, ints: 7, floats: 6, strings: 8 } as const;
const TYPE_NAMES: ReadonlyMap<number, string> = new Map(Object.entries(TYPE).map(([name, type]) => [type, name]));

/** By name. @throws MalformedModelError for one that is there twice. */
export function attributesOf({ attribute, opType }: NodeProto): ReadonlyMap<string, AttributeProto> {
  const attributes = new Map<string, AttributeProto>();
  for (const one of attribute) {
    if (attributes.has(one.name)) refuse(`attribute ${one.name.slice(0, MAX_NAME_BYTES)} of ${opType} twice`);
    attributes.set(one.name, one);
  }
  return attributes;
}

function typed({ attributes }: Call, name: string, type: number): AttributeProto | undefined {
  const attribute = attributes.get(name);
  if (attribute === undefined) return undefined;
  if (attribute.type !== type || own(attribute, "refAttrName") !== undefined) {
    unproven(`attribute ${name} is not of type ${TYPE_NAMES.get(type) ?? type}`);
  }
  return attribute;
}

export function intAttribute(call: Call, name: string, absent: number): number {
  const attribute = typed(call, name, TYPE.int);
  return attribute === undefined ? absent : (own(attribute, "i") ?? 0); // Writers leave out a 0.
}

export function floatAttribute(call: Call, name: string, absent: number): number {
  const attribute = typed(call, name, TYPE.float);
  return attribute === undefined ? absent : (own(attribute, "f") ?? 0);
}

export function textAttribute(call: Call, name: string, absent: string): string {
  const attribute = typed(call, name, TYPE.string);
  return attribute === undefined ? absent : Buffer.from(own(attribute, "s") ?? []).toString();
}

export function intsAttribute(call: Call, name: string): readonly number[] | undefined {
  return typed(call, name, TYPE.ints)?.ints;
}

export function floatsAttribute(call: Call, name: string): readonly number[] | undefined {
  return typed(call, name, TYPE.floats)?.floats;
}

export function tensorAttribute(call: Call, name: string): AttributeProto["t"] {
  return typed(call, name, TYPE.tensor)?.t;
}

/** @throws UnprovenError when it is left out. */
export function input({ inputs }: Call, index: number): Fact {
  return inputs[index] ?? unproven(`input ${index} is missing`);
}

/** An input that arithmetic is done on. */
export function operand(call: Call, index: number): Fact {
  const fact = input(call, index);
  if (fact.dequantized) {
    unproven(
      "computes with what DequantizeLinear gives: onnxruntime may make one 8-bit kernel of the two, which saturates on some CPUs",
    );
  }
  return fact;
}

/** Values of a constant input; undefined when it is left out. @throws UnprovenError when they are computed. */
export function constantValues({ inputs, budget }: Call, index: number, what: string): ArrayLike<number> | undefined {
  const fact = inputs[index];
  if (fact === undefined) return undefined;
  const values = fact.constant?.values ?? unproven(`${what} is not a constant of the file`);
  spend(budget, values.length);
  return values;
}

/** Kernel, strides, dilations and pads of a convolution or pooling. @param kernel lengths of the weights, when there are any. */
export function windowOf(call: Call, kernel: readonly number[] | undefined): Window {
  const taps = intsAttribute(call, "kernel_shape") ?? kernel ?? unproven("no kernel_shape");
  if (kernel !== undefined && taps.some((length, axis) => length !== kernel[axis])) {
    unproven("kernel_shape differs from the weights' shape");
  }
  const ones = taps.map(() => 1);
  const given = intsAttribute(call, "pads") ?? [...ones, ...ones].fill(0);
  const automatic = textAttribute(call, "auto_pad", "NOTSET") !== "NOTSET";
  if (given.length !== 2 * taps.length || given.some((length) => length < 0)) unproven(`pads ${given.join()}`);
  return {
    kernel: taps,
    strides: intsAttribute(call, "strides") ?? ones,
    dilations: intsAttribute(call, "dilations") ?? ones,
    pads: automatic ? undefined : { begin: given.slice(0, taps.length), end: given.slice(taps.length) },
  };
}
