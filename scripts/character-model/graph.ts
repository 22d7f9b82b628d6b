import { ALPHABET, PROMPT_BYTES, TEXT_BYTES, tokenOfByte } from "./alphabet.ts";
import type { Weights } from "./gru.ts";
import { constant, model, node, value } from "./onnx.ts";
import { GENERATORS, powers, SEED_BYTES, SKIPPED } from "./random.ts";

/** Below 1, likely characters become likelier. */
const TEMPERATURE = 0.6;

/** From a seed's bytes to `uniforms`, float32 [TEXT_BYTES]: what `uniforms` of random.ts computes. */
function randomNodes(): { readonly nodes: Uint8Array[]; readonly constants: Uint8Array[] } {
  const constants = [
    constant("one", "int64", [1], [1]),
    constant("axis_0", "int64", [1], [0]),
    constant("mix_modulus", "int64", [1], [GENERATORS[0].modulus - 1]),
    constant("low_bits", "int64", [1], [128]),
    constant("ulp", "float32", [1], [2 ** -24]),
  ];
  const nodes = [node("Cast", ["seed"], ["seed_bytes"], { to: 7 })];
  for (const generator of GENERATORS) {
    const { name, modulus } = generator;
    constants.push(
      constant(`${name}_weights`, "int64", [SEED_BYTES], powers(generator, 1, SEED_BYTES)),
      constant(`${name}_starts`, "int64", [1], [modulus - 1]),
      constant(`${name}_modulus`, "int64", [1], [modulus]),
      constant(`${name}_powers`, "int64", [TEXT_BYTES], powers(generator, SKIPPED, TEXT_BYTES)),
    );
    nodes.push(
      node("Mul", ["seed_bytes", `${name}_weights`], [`${name}_weighed`]),
      node("ReduceSum", [`${name}_weighed`, "axis_0"], [`${name}_sum`], { keepdims: 1 }),
      node("Mod", [`${name}_sum`, `${name}_starts`], [`${name}_rest`]),
      node("Add", [`${name}_rest`, "one"], [`${name}_start`]),
      node("Mul", [`${name}_start`, `${name}_powers`], [`${name}_products`]),
      node("Mod", [`${name}_products`, `${name}_modulus`], [`${name}_numbers`]),
    );
  }
  nodes.push(
    node("Sub", [`${GENERATORS[0].name}_numbers`, `${GENERATORS[1].name}_numbers`], ["difference"]),
    node("Add", ["difference", "mix_modulus"], ["positive"]),
    node("Mod", ["positive", "mix_modulus"], ["mixed"]),
    node("Div", ["mixed", "low_bits"], ["upper_bits"]),
    node("Cast", ["upper_bits"], ["whole"], { to: 1 }),
    node("Mul", ["whole", "ulp"], ["uniforms"]),
  );
  return { nodes, constants };
}

/** Draws character `t` from the state and, unless it is the last, steps on with it. */
function characterNodes(t: number, hidden: number): Uint8Array[] {
  const name = (what: string): string => `${what}_${t}`;
  const drawn = [
    node("MatMul", [name("state"), "output"], [name("scores")]),
    node("Add", [name("scores"), "output_bias"], [name("logits")]),
    node("Mul", [name("logits"), "sharpness"], [name("sharpened")]),
    node("Softmax", [name("sharpened")], [name("odds")], { axis: -1 }),
    node("CumSum", [name("odds"), "last_axis"], [name("sums")]),
    // The token is the number of running sums that the drawn number reaches; rounding may leave the last sum below it.
    node("LessOrEqual", [name("sums"), name("uniform")], [name("reached")]),
    node("Cast", [name("reached")], [name("counted")], { to: 7 }),
    node("ReduceSum", [name("counted"), "axis_2"], [name("count")], { keepdims: 0 }),
    node("Min", [name("count"), "last_token"], [name("token")]),
  ];
  if (t === TEXT_BYTES - 1) return drawn;
  return [...drawn, node("Gather", ["one_hot", name("token")], [name("x")]), recurrentNode(name("x"), t, hidden)];
}

function recurrentNode(x: string, t: number, hidden: number): Uint8Array {
  const before = t < 0 ? [] : ["", `state_${t}`];
  const inputs = [x, "input", "recurrent", "bias", ...before];
  return node("GRU", inputs, ["", `state_${t + 1}`], { hidden_size: hidden, linear_before_reset: 1 });
}

/** [rows][columns] turned to [columns][rows]. */
function transposed(values: Float64Array, rows: number, columns: number): Float64Array {
  return Float64Array.from(values, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)] ?? 0);
}

/**
 * The whole generation as one graph without loops: `prompt` uint8 [1, PROMPT_BYTES] and `seed` uint8 [SEED_BYTES] in, `text` uint8
 * [1, TEXT_BYTES] out. Every shape is fixed and so is the sequence of operators.
 */
export function generationModel(weights: Weights): Uint8Array {
  const { hidden, vocabulary, input, recurrent, inputBias, recurrentBias, output, outputBias } = weights;
  const random = randomNodes();
  const steps = Array.from({ length: TEXT_BYTES }, (_, t) => t);
  const oneHot = Array.from({ length: vocabulary ** 2 }, (_, i) => (i % (vocabulary + 1) === 0 ? 1 : 0));
  return model({
    name: "character_gru",
    inputs: [value("prompt", "uint8", [1, PROMPT_BYTES]), value("seed", "uint8", [SEED_BYTES])],
    outputs: [value("text", "uint8", [1, TEXT_BYTES])],
    nodes: [
      ...random.nodes,
      node(
        "Split",
        ["uniforms", "single"],
        steps.map((t) => `uniform_${t}`),
        { axis: 0 },
      ),
      node("Cast", ["prompt"], ["prompt_bytes"], { to: 7 }),
      node("Transpose", ["prompt_bytes"], ["prompt_column"], { perm: [1, 0] }),
      node("Gather", ["token_of_byte", "prompt_column"], ["prompt_tokens"]),
      node("Gather", ["one_hot", "prompt_tokens"], ["prompt_x"]),
      recurrentNode("prompt_x", -1, hidden),
      ...steps.flatMap((t) => characterNodes(t, hidden)),
      node(
        "Concat",
        steps.map((t) => `token_${t}`),
        ["tokens"],
        { axis: 1 },
      ),
      node("Gather", ["byte_of_token", "tokens"], ["text"]),
    ],
    constants: [
      ...random.constants,
      constant(
        "single",
        "int64",
        [TEXT_BYTES],
        steps.map(() => 1),
      ),
      constant("token_of_byte", "int64", [256], tokenOfByte()),
      constant(
        "byte_of_token",
        "uint8",
        [vocabulary],
        Array.from(ALPHABET, (character) => character.charCodeAt(0)),
      ),
      constant("one_hot", "float32", [vocabulary, vocabulary], oneHot),
      constant("input", "float32", [1, 3 * hidden, vocabulary], transposed(input, vocabulary, 3 * hidden)),
      constant("recurrent", "float32", [1, 3 * hidden, hidden], recurrent),
      constant("bias", "float32", [1, 6 * hidden], [...inputBias, ...recurrentBias]),
      constant("output", "float32", [hidden, vocabulary], transposed(output, vocabulary, hidden)),
      constant("output_bias", "float32", [vocabulary], outputBias),
      constant("sharpness", "float32", [1], [1 / TEMPERATURE]),
      constant("last_axis", "int64", [], [2]),
      constant("axis_2", "int64", [1], [2]),
      constant("last_token", "int64", [1], [vocabulary - 1]),
    ],
  });
}
