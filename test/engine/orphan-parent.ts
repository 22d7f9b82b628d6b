import { UNCONFINED } from "../../node/engine/confinement.ts";
import { createEngine } from "../../node/engine/engine.ts";
import { startEngineProcess } from "../../node/engine/engine-process.ts";
import { endless } from "./onnx-builder.ts";

/**
 * A node whose engine is busy for ever; prints the engine's process id. Killed by orphan.test.ts. With an argument as on a system whose kernel
 * does not end the process.
 */
const bare = process.argv.length > 2;
const engine = createEngine({
  processes: 1,
  ...(bare ? { start: (options) => startEngineProcess(options, UNCONFINED) } : {}),
});
void engine.run({
  modelRoot: new Uint8Array(32),
  modelBytes: async () => endless(),
  spec: { inputs: [{ name: "x", dtype: 1, shape: [2] }], outputs: [{ name: "y", dtype: 1, shape: [2] }] },
  inputs: [{ dtype: 1, shape: [2], data: new Uint8Array(8) }],
  timeoutMs: 600_000,
  priority: "high",
});
const timer = setInterval(() => {
  const { busy, pid } = engine.status();
  if (!busy) return;
  clearInterval(timer);
  console.log(pid);
}, 10);
