/**
 * The engine that every validator must run, byte for byte: outputs are voted on by hash, and another release, another
 * build or another optimisation level changes their last bits. Imported by the child process too, so it imports nothing.
 */
export const PINNED_ENGINE = {
  package: "onnxruntime-web",
  version: "1.30.0",
  wasmFile: "ort-wasm-simd-threaded.wasm",
  wasmSha256: "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
  graphOptimizationLevel: "all",
  threads: 1,
} as const;
