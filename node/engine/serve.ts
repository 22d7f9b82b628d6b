import { Socket } from "node:net";
import { endianness } from "node:os";
import { Worker } from "node:worker_threads";
import type { InferenceSession } from "onnxruntime-web";
import { createFrameReader, encodeFrame, type Frame } from "./frame.ts";
import type { Command, Reply } from "./messages.ts";
import { classify, outputsOf, type Sessions } from "./session.ts";

/**
 * What engine processes have in common: they read commands from standard input and write replies to descriptor 3 (onnxruntime
 * prints to 1 and 2 when it likes).
 */
const REPLY_DESCRIPTOR = 3;
const MAX_COMMAND_BYTES = 128 * 1024 * 1024;

/** y = Identity(x) over two floats, as ONNX. */
const IDENTITY_MODEL =
  "08083a3b0a100a017812017922084964656e74697479120567726170685a0f0a0178120a0a08080112040a020802620f0a0179120a0a08080112040a02080242040a001011";

const replies = new Socket({ fd: REPLY_DESCRIPTOR, readable: false, writable: true });
replies.on("error", () => process.exit(1)); // The node is gone: nobody to tell.

function reply(message: Reply, blobs: readonly Uint8Array[] = []): Promise<void> {
  return new Promise((resolve) => {
    replies.cork();
    for (const part of encodeFrame(message, blobs)) replies.write(part);
    replies.write(new Uint8Array(0), () => resolve());
    replies.uncork();
  });
}

/** Answers commands until standard input ends. */
async function serve(engine: Sessions): Promise<void> {
  const sessions = new Map<string, InferenceSession>();

  async function load(command: Command & { kind: "load" }, model: Uint8Array | undefined): Promise<void> {
    for (const root of command.unload) {
      await sessions.get(root)?.release();
      sessions.delete(root);
    }
    sessions.set(command.model, await engine.createSession(model ?? new Uint8Array(0)));
    await reply({ kind: "loaded" });
  }

  async function run(command: Command & { kind: "run" }, blobs: readonly Uint8Array[]): Promise<void> {
    const session = sessions.get(command.model);
    if (session === undefined) throw new Error(`model ${command.model} is not loaded`);
    const outputs = await engine.runSession(session, command.inputs, blobs, command.outputs);
    await reply({ kind: "outputs", outputs: outputs.heads }, outputs.data);
  }

  async function inspect(model: Uint8Array | undefined): Promise<void> {
    const session = await engine.createSession(model ?? new Uint8Array(0));
    const outputs = outputsOf(session);
    await session.release();
    await reply({ kind: "inspected", outputs });
  }

  async function execute({ message, blobs }: Frame): Promise<void> {
    const command = message as Command; // From the node itself.
    try {
      if (command.kind === "load") await load(command, blobs[0]);
      else if (command.kind === "run") await run(command, blobs);
      else await inspect(blobs[0]);
    } catch (error) {
      const failure = classify(error);
      await reply({ kind: "failed", ...failure });
      // The heap of the module may be in any state: end, and let the node start afresh.
      if (failure.failure !== "model") process.exit(1);
    }
  }

  let last: Promise<void> = Promise.resolve();
  const read = createFrameReader(MAX_COMMAND_BYTES, (frame) => {
    last = last.then(() => execute(frame));
  });
  process.stdin.on("data", read).on("end", () => process.exit(0));
  await reply({ kind: "ready" });
}

/**
 * The life of an engine process once its modules are loaded.
 * @param load returns why the engine must not be used here, or what makes and runs sessions.
 */
export async function runWorker(load: () => Promise<string | Sessions>): Promise<void> {
  // Permitted only where the kernel does not see to it (sandbox.ts).
  if (process.execArgv.includes("--allow-worker")) {
    new Worker(new URL("./orphan-watchdog.ts", import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
    }).unref();
  }
  const engine = endianness() === "LE" ? await load() : "the machine is big-endian";
  if (typeof engine === "string") {
    await reply({ kind: "unfit", reason: engine });
    process.exit(1);
  }
  // Starts the engine now (the canonical one compiles for about 200 ms), and not in the time of the first request.
  const session = await engine.createSession(Buffer.from(IDENTITY_MODEL, "hex"));
  await session.release();
  engine.onWarm?.();
  await serve(engine);
}
