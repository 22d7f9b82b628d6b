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

/**
 * The native engine of the class `exact`. Its bytes are those of the canonical engine wherever a graph is proven independent of the CPU, so
 * that its files are no part of the engine id: they are pinned because the proof was made and tried with them.
 */
export const PINNED_NATIVE = {
  package: "onnxruntime-node",
  version: "1.30.0",
  graphOptimizationLevel: "all",
  threads: 1,
} as const;

/** File and SHA-256. */
export type PinnedFile = readonly [file: string, sha256: string];

/** The library and the binding that loads it, by platform and architecture as Node names them, from the root of the package. */
export const PINNED_NATIVE_FILES: ReadonlyMap<string, readonly PinnedFile[]> = new Map([
  [
    "linux/x64",
    [
      ["bin/napi-v6/linux/x64/libonnxruntime.so.1", "ffb75a925ba05e47b235bb66e3e3911714a80b328a9c9425539feb204aa32a23"],
      [
        "bin/napi-v6/linux/x64/onnxruntime_binding.node",
        "ccdc60b981d93a490cf9513d3f583547252b6e285b72988a96a494f2f006c7b8",
      ],
    ],
  ],
  [
    "linux/arm64",
    [
      [
        "bin/napi-v6/linux/arm64/libonnxruntime.so.1",
        "1f549d46250b005580b597f4164984aaf75b3bcb9f3aeb07c7f8a8fe60b23c76",
      ],
      [
        "bin/napi-v6/linux/arm64/onnxruntime_binding.node",
        "afec78dc11d38dc81605b068cefe1fc73ffe77ca240c15468aa40786150beac8",
      ],
    ],
  ],
]);
