import { readOnnx } from "../../../node/engine/exactness/onnx-reader.ts";
import { ModelType } from "../../../node/engine/exactness/onnx-schema.ts";
import { encodeGraph, model, type TestNode } from "../onnx-builder.ts";

/** A model with nodes before its own, which read x and give q: its own read q where they read x. */
export function ahead(bytes: Uint8Array, nodes: readonly TestNode[], constants: readonly Uint8Array[]): Uint8Array {
  const whole = readOnnx(bytes);
  const front = readOnnx(
    model(
      encodeGraph({
        nodes,
        initializers: constants,
        inputs: [{ name: "x", shape: [1] }],
        outputs: [{ name: "q", shape: [1] }],
      }),
    ),
  );
  for (const node of whole.graph.node) {
    Object.assign(node, { input: node.input.map((name) => (name === "x" ? "q" : name)) });
  }
  Object.assign(whole.graph, {
    node: [...front.graph.node, ...whole.graph.node],
    initializer: [...front.graph.initializer, ...whole.graph.initializer],
  });
  return new Uint8Array(ModelType.encode(whole).finish());
}
