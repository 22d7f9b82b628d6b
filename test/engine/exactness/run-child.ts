import type * as Native from "onnxruntime-node";
import type * as Web from "onnxruntime-web";

/**
 * Runs models in one engine, natively or in WebAssembly: onnxruntime's two packages share a registry of backends and must never meet in
 * one process. `run-child.ts native|wasm` reads a JSON list of ModelRun from stdin and prints a JSON list of RunOutputs.
 */
export interface ModelRun {
  /** base64. */
  readonly model: string;
  /** As onnxruntime names types (`uint8`), data base64. */
  readonly inputs: readonly {
    readonly name: string;
    readonly type: "float32" | "uint8" | "int8" | "int32" | "int64" | "bool";
    readonly shape: readonly number[];
    readonly data: string;
  }[];
}

/** Hex of each output by name; or why there is none. */
export type RunOutputs = Readonly<Record<string, string>> | { readonly error: string };

const VIEWS = {
  float32: Float32Array,
  uint8: Uint8Array,
  int8: Int8Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
} as const;

type Package = Pick<typeof Native, "InferenceSession" | "Tensor">;

async function run({ InferenceSession, Tensor }: Package, { model, inputs }: ModelRun): Promise<RunOutputs> {
  try {
    const session = await InferenceSession.create(Uint8Array.from(Buffer.from(model, "base64")), {
      graphOptimizationLevel: "all",
      executionMode: "sequential",
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      logSeverityLevel: 4,
    });
    const feeds = Object.fromEntries(
      inputs.map(({ name, type, shape, data }) => {
        const bytes = Uint8Array.from(Buffer.from(data, "base64"));
        const view = new VIEWS[type](bytes.buffer);
        return [name, new Tensor(type, view as Float32Array, [...shape])];
      }),
    );
    const results = await session.run(feeds);
    const entries = Object.entries(results).map(([name, tensor]) => {
      const data = tensor.data as Uint8Array;
      return [name, Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("hex")];
    });
    await session.release();
    return Object.fromEntries(entries) as Record<string, string>;
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

async function webAssembly(): Promise<typeof Web> {
  const web = await import("onnxruntime-web");
  web.env.wasm.numThreads = 1;
  return web;
}

async function main(engine: string | undefined): Promise<void> {
  const onnxruntime = engine === "native" ? await import("onnxruntime-node") : await webAssembly();
  let text = "";
  for await (const chunk of process.stdin) text += String(chunk);
  const outputs: RunOutputs[] = [];
  for (const item of JSON.parse(text) as ModelRun[]) {
    outputs.push(await run(onnxruntime, item));
  }
  process.stdout.write(JSON.stringify(outputs));
}

if (process.argv[1] === import.meta.filename) await main(process.argv[2]);
