import { encodeGraph, model, tensor } from "../test/engine/onnx-builder.ts";

const SIDE = 256;
/** One row for each; the product's other factor is made of it by broadcasting. */
export const HEAVY_SHAPE = [SIDE, 1] as const;

/** Weights that keep values within tanh's bend, so that no layer comes to nothing. */
function weights(): Uint8Array {
  const values = Float32Array.from(
    { length: SIDE * SIDE },
    (_, i) => (((i * 2_654_435_761) >>> 8) % 2000) / 8000 - 0.125,
  );
  return new Uint8Array(values.buffer);
}

const ONES = new Uint8Array(Float32Array.from({ length: SIDE }, () => 1).buffer);

/** A graph of `layers` products of matrices of 256 by 256, whose time is in proportion: `y = x·1`, then `y = tanh(y·w)` so often, then `y·1ᵀ`. */
export function heavyModel(layers: number): Uint8Array {
  const steps = Array.from({ length: layers }, (_, i) => [
    { op: "MatMul", inputs: [`h${i}`, "w"], outputs: [`m${i}`] },
    { op: "Tanh", inputs: [`m${i}`], outputs: [`h${i + 1}`] },
  ]).flat();
  return model(
    encodeGraph({
      nodes: [
        { op: "MatMul", inputs: ["x", "row"], outputs: ["h0"] },
        ...steps,
        { op: "MatMul", inputs: [`h${layers}`, "column"], outputs: ["y"] },
      ],
      inputs: [{ name: "x", shape: HEAVY_SHAPE }],
      outputs: [{ name: "y", shape: HEAVY_SHAPE }],
      initializers: [
        tensor("row", 1, [1, SIDE], ONES),
        tensor("column", 1, [SIDE, 1], ONES),
        tensor("w", 1, [SIDE, SIDE], weights()),
      ],
    }),
  );
}
