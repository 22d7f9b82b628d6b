import * as fc from "fast-check";
import { CODES, type ConstantType, constant, type Graph, intAttribute, intsAttribute, op, scalar } from "./graphs.ts";

/**
 * Random graphs of whole numbers, over all operators of which the checker proves anything: a front that makes the input whole (or forgets
 * to), then a few operators on what came before, some with numbers that break the proof.
 */

/** A value made so far: its type, and its length along the last axis ([1, length]). */
interface Value {
  readonly name: string;
  readonly type: ConstantType;
  readonly length: number;
}

interface Draft {
  readonly nodes: Graph["nodes"][number][];
  readonly constants: Uint8Array[];
  readonly values: Value[];
}

type Random = (least: number, most: number) => number;

/** As draws give it: 0 to 1, in turn. */
function randomOf(draws: readonly number[]): Random {
  let next = 0;
  return (least, most) => least + Math.floor((draws[next++ % draws.length] ?? 0) * (most - least + 1));
}

function fresh(draft: Draft, type: ConstantType, length: number): Value {
  const value = { name: `v${draft.values.length}`, type, length };
  draft.values.push(value);
  return value;
}

function constantOf(draft: Draft, type: ConstantType, shape: readonly number[], values: readonly number[]): string {
  const name = `c${draft.constants.length}`;
  draft.constants.push(constant(name, type, shape, values));
  return name;
}

function many(random: Random, count: number, least: number, most: number): number[] {
  return Array.from({ length: count }, () => random(least, most));
}

/** Largest weight, most often safe; now and then one that only some CPUs get right. */
const LIMITS = [1, 3, 64, 64, 127] as const;

type Step = (draft: Draft, random: Random, x: Value) => void;

const unary =
  (name: string, ...attributes: readonly Uint8Array[]): Step =>
  (draft, _, x) => {
    draft.nodes.push(op(name, [x.name], [fresh(draft, x.type, x.length).name], ...attributes));
  };

const binary =
  (name: string): Step =>
  (draft, random, x) => {
    const fit = draft.values.filter(({ type, length }) => type === x.type && length === x.length);
    const other = fit[random(0, fit.length - 1)] ?? x;
    draft.nodes.push(op(name, [x.name, other.name], [fresh(draft, x.type, x.length).name]));
  };

const cast =
  (to: ConstantType): Step =>
  (draft, _, x) => {
    draft.nodes.push(op("Cast", [x.name], [fresh(draft, to, x.length).name], intAttribute("to", CODES[to])));
  };

const matMul: Step = (draft, random, x) => {
  const length = random(1, 5);
  const most = LIMITS[random(0, 3)] ?? 1;
  const weights = many(random, x.length * length, -most, most);
  const unit = [1, 0.25, 2][random(0, 2)] ?? 1;
  const w = constantOf(
    draft,
    "float",
    [x.length, length],
    weights.map((weight) => weight * unit),
  );
  const y = fresh(draft, "float", length);
  draft.nodes.push(op("MatMul", [x.name, w], [y.name]));
};

const conv: Step = (draft, random, x) => {
  const shape = constantOf(draft, "i64", [4], [1, 1, 1, x.length]);
  const channels = random(1, 3);
  const w = constantOf(draft, "float", [channels, 1, 1, 3], many(random, 3 * channels, -9, 9));
  const b = constantOf(draft, "float", [channels], many(random, channels, -5, 5));
  const [image, maps] = [`i${draft.nodes.length}`, `m${draft.nodes.length}`];
  const back = constantOf(draft, "i64", [2], [1, channels * x.length]);
  draft.nodes.push(
    op("Reshape", [x.name, shape], [image]),
    op("Conv", random(0, 2) === 0 ? [image, w] : [image, w, b], [maps], intsAttribute("pads", [0, 1, 0, 1])),
    op("Reshape", [maps, back], [fresh(draft, "float", channels * x.length).name]),
  );
};

const scale: Step = (draft, random, x) => {
  const factor = constantOf(draft, "float", [], [[0.5, 2, -1, 0.0625, 3][random(0, 4)] ?? 1]);
  const y = fresh(draft, "float", x.length);
  draft.nodes.push(op(random(0, 3) === 0 ? "Div" : "Mul", [x.name, factor], [y.name]));
};

const clip: Step = (draft, random, x) => {
  const [least, most] = [random(-300, 0), random(1, 300)];
  const bounds = [constantOf(draft, x.type, [], [least]), constantOf(draft, x.type, [], [most])];
  draft.nodes.push(op("Clip", [x.name, ...bounds], [fresh(draft, x.type, x.length).name]));
};

const quantize =
  (type: "u8" | "s8"): Step =>
  (draft, random, x) => {
    const s = constantOf(draft, "float", [], [[1, 0.5, 0.1, 3][random(0, 3)] ?? 1]);
    const z = constantOf(draft, type, [], [random(0, 9)]);
    draft.nodes.push(op("QuantizeLinear", [x.name, s, z], [fresh(draft, type, x.length).name]));
  };

const dequantize: Step = (draft, random, x) => {
  const s = constantOf(draft, "float", [], [[1, 0.5, 0.1][random(0, 2)] ?? 1]);
  const z = constantOf(draft, x.type, [], [random(0, 9)]);
  draft.nodes.push(op("DequantizeLinear", [x.name, s, z], [fresh(draft, "float", x.length).name]));
};

function byteWeights(
  draft: Draft,
  random: Random,
  x: Value,
  length: number,
  shape: readonly number[] = [x.length, length],
): { readonly w: string; readonly type: ConstantType } {
  const type = x.type === "s8" ? "s8" : ((["u8", "s8"] as const)[random(0, 1)] ?? "u8");
  const most = type === "u8" ? 255 : x.type === "s8" ? 127 : (LIMITS[random(0, 4)] ?? 1);
  const count = shape.reduce((product, each) => product * each, 1);
  return { w: constantOf(draft, type, shape, many(random, count, type === "u8" ? 0 : -most, most)), type };
}

const matMulInteger: Step = (draft, random, x) => {
  const length = random(1, 5);
  const { w } = byteWeights(draft, random, x, length);
  draft.nodes.push(op("MatMulInteger", [x.name, w], [fresh(draft, "i32", length).name]));
};

const qLinearMatMul: Step = (draft, random, x) => {
  const length = random(1, 5);
  const { w, type } = byteWeights(draft, random, x, length);
  const [s, t] = [constantOf(draft, "float", [], [0.01]), constantOf(draft, "float", [], [random(1, 9) / 7])];
  const [xz, wz] = [constantOf(draft, x.type, [], [random(0, 9)]), constantOf(draft, type, [], [0])];
  const y = fresh(draft, x.type, length);
  draft.nodes.push(op("QLinearMatMul", [x.name, s, xz, w, t, wz, t, xz], [y.name]));
};

const qGemm: Step = (draft, random, x) => {
  const length = random(1, 5);
  const { w, type } = byteWeights(draft, random, x, length);
  const [s, t] = [constantOf(draft, "float", [], [0.02]), constantOf(draft, "float", [], [random(1, 9) / 3])];
  const [xz, wz] = [constantOf(draft, x.type, [], [random(0, 9)]), constantOf(draft, type, [], [random(0, 1)])];
  const b = constantOf(draft, "i32", [length], many(random, length, -999, 999));
  const y = fresh(draft, x.type, length);
  const node = op("QGemm", [x.name, s, xz, w, t, wz, b, t, xz], [y.name]);
  draft.nodes.push({ ...node, domain: "com.microsoft" });
};

/** A kernel of 3 over the last axis, into some channels. */
const byteConv: Step = (draft, random, x) => {
  const channels = random(1, 3);
  const { w, type } = byteWeights(draft, random, x, 1, [channels, 1, 1, 3]);
  const shape = constantOf(draft, "i64", [4], [1, 1, 1, x.length]);
  const back = constantOf(draft, "i64", [2], [1, channels * x.length]);
  const [image, maps] = [`i${draft.nodes.length}`, `m${draft.nodes.length}`];
  const [xz, wz] = [constantOf(draft, x.type, [], [random(0, 9)]), constantOf(draft, type, [], [0])];
  const s = constantOf(draft, "float", [], [0.05]);
  const pads = intsAttribute("pads", [0, 1, 0, 1]);
  const isInteger = x.type === "u8" && random(0, 1) === 0;
  draft.nodes.push(
    op("Reshape", [x.name, shape], [image]),
    isInteger
      ? op("ConvInteger", [image, w, xz, wz], [maps], pads)
      : op("QLinearConv", [image, s, xz, w, s, wz, s, xz], [maps], pads),
    op("Reshape", [maps, back], [fresh(draft, isInteger ? "i32" : x.type, channels * x.length).name]),
  );
};

const sum: Step = (draft, _, x) => {
  const axes = constantOf(draft, "i64", [1], [1]);
  draft.nodes.push(op("ReduceSum", [x.name, axes], [fresh(draft, x.type, 1).name]));
};

const STEPS: Readonly<Record<ConstantType, readonly Step[]>> = {
  float: [
    ...[
      matMul,
      matMul,
      conv,
      scale,
      clip,
      clip,
      sum,
      quantize("u8"),
      quantize("u8"),
      quantize("s8"),
      quantize("s8"),
      cast("i32"),
      cast("u8"),
    ],
    ...["Add", "Sub", "Mul", "Max", "Min"].map(binary),
    ...["Relu", "Abs", "Neg", "Floor", "Round", "Ceil", "Identity"].map((name) => unary(name)),
  ],
  u8: [
    matMulInteger,
    qLinearMatMul,
    qGemm,
    byteConv,
    byteConv,
    dequantize,
    cast("float"),
    cast("i32"),
    unary("Identity"),
  ],
  s8: [matMulInteger, qLinearMatMul, qGemm, byteConv, dequantize, cast("float"), unary("Relu")],
  i32: [
    cast("float"),
    cast("float"),
    cast("u8"),
    clip,
    sum,
    ...["Add", "Sub", "Mul"].map(binary),
    unary("Abs"),
    unary("Neg"),
  ],
  i64: [unary("Identity")],
  bool: [unary("Not")],
};

const INPUT_LENGTH = 6;

function graphOf(draws: readonly number[]): Graph {
  const random = randomOf(draws);
  const draft: Draft = {
    nodes: [],
    constants: [scalar("least", "float", random(-9, 0)), scalar("most", "float", random(1, 255))],
    values: [],
  };
  draft.nodes.push(op("Clip", ["x", "least", "most"], ["clipped"]));
  const front = fresh(draft, "float", INPUT_LENGTH);
  if (random(0, 9) === 0) draft.nodes.push(op("Identity", ["clipped"], [front.name]));
  else
    draft.nodes.push(
      op("Round", ["clipped"], ["r"]),
      op("Cast", ["r"], ["i"], intAttribute("to", 6)),
      op("Cast", ["i"], [front.name], intAttribute("to", 1)),
    );
  for (let step = random(1, 7); step > 0; step--) {
    const x =
      draft.values[draft.values.length - 1 - (random(0, 3) === 0 ? random(0, draft.values.length - 1) : 0)] ?? front;
    const steps = STEPS[x.type];
    steps[random(0, steps.length - 1)]?.(draft, random, x);
  }
  const last = draft.values.at(-1) ?? front;
  draft.nodes.push(op("Identity", [last.name], ["y"]));
  return {
    nodes: draft.nodes,
    constants: draft.constants,
    inputs: [{ name: "x", shape: [1, INPUT_LENGTH] }],
    outputs: [{ name: "y", dtype: CODES[last.type], shape: [1, last.length] }],
  };
}

const draw = fc.noBias(fc.integer({ min: 0, max: 2 ** 32 - 1 })).map((value) => value / 2 ** 32);

export const randomGraph: fc.Arbitrary<Graph> = fc.array(draw, { minLength: 400, maxLength: 400 }).map(graphOf);

/** Inputs with what numbers are at their edges: ends of ranges, halves, zeros of both signs, infinities, denormals. */
export const INPUTS: readonly (readonly number[])[] = [
  [0, 0, 0, 0, 0, 0],
  [-0, 0.5, -0.5, 1.5, 2.5, -1e-40],
  [255, 254.5, 1e30, -1e30, Infinity, -Infinity],
  [1, 2, 3, 100.49999, 127.5, 64],
];
