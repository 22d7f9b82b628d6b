import {
  type Call,
  floatAttribute,
  floatsAttribute,
  input,
  intAttribute,
  intsAttribute,
  operand,
  type Rule,
  tensorAttribute,
  textAttribute,
  windowOf,
} from "../call.ts";
import { type Constant, readConstant } from "../constant.ts";
import { constantFact } from "../constant-fact.ts";
import { DTYPE, elementType } from "../element-types.ts";
import { anyOf, type Fact, integers, join, type Shape, unproven } from "../facts.ts";
import type { AttributeProto } from "../onnx-reader.ts";
import { axisOf, broadcast, elements, windowShape } from "../shapes.ts";

function moved(x: Fact, shape: Shape): Fact {
  return { ...x, shape, constant: undefined };
}

const view = (shape: (call: Call, x: Fact) => Shape): ((call: Call) => Fact[]) => {
  return (call) => {
    const x = input(call, 0);
    return call.outputs.map(() => moved(x, shape(call, x)));
  };
};

const unknown = (): Shape => undefined;

function transposed(call: Call, { shape }: Fact): Shape {
  const perm = intsAttribute(call, "perm");
  if (shape === undefined) return undefined;
  return perm === undefined ? shape.toReversed() : perm.map((axis) => shape[axis]);
}

function flattened(call: Call, { shape }: Fact): Shape {
  const axis = intAttribute(call, "axis", 1);
  if (shape === undefined) return undefined;
  const split = axis < 0 ? axis + shape.length : axis;
  return [elements(shape.slice(0, split)), elements(shape.slice(split))];
}

/** 0 stands for the input's length, -1 for what is left. */
function reshaped(call: Call, { shape }: Fact): Shape {
  const target = call.inputs[1]?.constant?.values;
  if (target === undefined || target.length > MAX_RANK || intAttribute(call, "allowzero", 0) !== 0) return undefined;
  const lengths = Array.from(target, (length, axis) => (length === 0 ? shape?.[axis] : length));
  const free = lengths.indexOf(-1);
  if (free < 0) return lengths;
  const [all, rest] = [elements(shape), elements(lengths.filter((_, axis) => axis !== free))];
  return lengths.with(free, all === undefined || rest === undefined || rest === 0 ? undefined : all / rest);
}

const MAX_RANK = 64;

function expanded(call: Call, { shape }: Fact): Shape {
  const target = call.inputs[1]?.constant?.values;
  return target === undefined || target.length > MAX_RANK ? undefined : broadcast([shape, Array.from(target)]);
}

function concat(call: Call): Fact[] {
  const facts = call.inputs.map((_, index) => operand(call, index));
  const [first] = facts;
  const axis = axisOf(intAttribute(call, "axis", 0), first?.shape?.length ?? 0);
  if (first?.shape === undefined || axis === undefined) return [join(facts, undefined)];
  const total = facts.reduce<number | undefined>((sum, { shape }) => {
    const length = shape?.[axis];
    return sum === undefined || length === undefined ? undefined : sum + length;
  }, 0);
  return [join(facts, first.shape.with(axis, total))];
}

function where(call: Call): Fact[] {
  const facts = [operand(call, 1), operand(call, 2)];
  return [join(facts, broadcast([input(call, 0).shape, ...facts.map(({ shape }) => shape)]))];
}

function zeros(x: Fact): Fact {
  return { ...x, lo: 0, hi: 0, unit: 0, zero: "plus" };
}

function pad(call: Call): Fact[] {
  const x = operand(call, 0);
  const fill = call.inputs[2] === undefined ? zeros(x) : operand(call, 2);
  const padded =
    textAttribute(call, "mode", "constant") === "constant" ? join([x, fill], undefined) : moved(x, undefined);
  // The optimiser makes it part of a Conv, whose kernel may leave the padding out of its sums: it settles no sign of a zero there.
  return [padded.zero === "plus" && elementType(x.dtype)?.kind === "float" ? { ...padded, zero: "same" } : padded];
}

function maxPool(call: Call): Fact[] {
  const x = operand(call, 0);
  if (call.outputs.length > 1) unproven("gives indices: which of two equal numbers counts was not measured");
  const window = windowOf(call, undefined);
  const rounded = intAttribute(call, "ceil_mode", 0) !== 0;
  const shape = rounded ? undefined : windowShape(x.shape, x.shape?.[1], window);
  // A window that holds padding only gives the least number there is.
  const wide = window.dilations.some((dilation) => dilation !== 1) || window.pads === undefined || rounded;
  const fact = wide ? anyOf(x.dtype, shape) : moved(x, shape);
  return [x.zero === "plus" && fact.zero === "plus" ? fact : { ...fact, zero: openUnlessInteger(x) }];
}

/** Of two zeros of different sign CPUs take different ones. */
function openUnlessInteger({ dtype }: Fact): Fact["zero"] {
  return elementType(dtype)?.kind === "float" ? "open" : "plus";
}

function dropout(call: Call): Fact[] {
  if (call.outputs.length > 1) unproven("gives its mask");
  return [moved(input(call, 0), input(call, 0).shape)];
}

function fromAttribute(attribute: AttributeProto["t"]): Fact {
  const constant = attribute === undefined ? undefined : readConstant(attribute);
  return constant === undefined ? unproven("a constant of a type that was not measured") : constantFact(constant);
}

const FORMS: readonly ((call: Call) => Constant | undefined)[] = [
  (call) => scalar(call, "value_int", DTYPE.int64, intAttribute(call, "value_int", 0)),
  (call) => scalar(call, "value_float", DTYPE.float, floatAttribute(call, "value_float", 0)),
  (call) => list(DTYPE.int64, intsAttribute(call, "value_ints")),
  (call) => list(DTYPE.float, floatsAttribute(call, "value_floats")),
];

function scalar(call: Call, name: string, dtype: number, value: number): Constant | undefined {
  return call.attributes.has(name) ? { dtype, shape: [], values: [value] } : undefined;
}

function list(dtype: number, values: readonly number[] | undefined): Constant | undefined {
  return values === undefined ? undefined : { dtype, shape: [values.length], values };
}

function constant(call: Call): Fact[] {
  const tensor = tensorAttribute(call, "value");
  if (tensor !== undefined) return [fromAttribute(tensor)];
  for (const form of FORMS) {
    const found = form(call);
    if (found !== undefined) return [constantFact(found)];
  }
  return unproven("a constant of a kind that was not measured");
}

function constantOfShape(call: Call): Fact[] {
  const tensor = tensorAttribute(call, "value");
  const fact = tensor === undefined ? zeros(anyOf(DTYPE.float, undefined)) : fromAttribute(tensor);
  return [moved(fact, undefined)];
}

const lengths = (shape: Shape): Fact => integers(DTYPE.int64, shape, 0, 2 ** 31);

const MOVES = "moves bits and computes nothing";

export const MOVEMENT: Readonly<Record<string, Rule>> = {
  Identity: { because: MOVES, apply: (call) => [input(call, 0)] },
  Transpose: { because: MOVES, apply: view(transposed) },
  Flatten: { because: MOVES, apply: view(flattened) },
  Reshape: { because: MOVES, apply: view(reshaped) },
  Expand: { because: MOVES, apply: view(expanded) },
  ...Object.fromEntries(
    [
      ...["Squeeze", "Unsqueeze", "Slice", "Split", "Gather", "GatherElements", "GatherND", "Tile"],
      ...["DepthToSpace", "SpaceToDepth"],
    ].map((name) => [name, { because: MOVES, apply: view(unknown) }]),
  ),
  Concat: { because: MOVES, apply: concat },
  Where: { because: MOVES, apply: where },
  Pad: { because: MOVES, apply: pad },
  Dropout: { because: "copies: there is no training mode", apply: dropout },
  MaxPool: { because: "picks one of the numbers by comparing, which rounds nothing", apply: maxPool },
  Constant: { because: "values of the file", apply: constant },
  ConstantOfShape: { because: "one value of the file, repeated", apply: constantOfShape },
  Shape: { because: "lengths", apply: () => [lengths(undefined)] },
  Size: { because: "a length", apply: () => [anyOf(DTYPE.int64, [])] },
};
