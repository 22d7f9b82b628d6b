import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { ModelRun, RunOutputs } from "./run-child.ts";

/** Runs models in a process of one engine; see run-child.ts. @param environment of the process. */
export async function runIn(
  engine: "native" | "wasm",
  runs: readonly ModelRun[],
  environment: NodeJS.ProcessEnv = {},
): Promise<readonly RunOutputs[]> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "run-child.ts"), engine], {
    stdio: ["pipe", "pipe", "inherit"],
    env: environment,
  });
  child.stdin.on("error", () => {}); // That it ended early is seen by its having no answer.
  child.stdin.end(JSON.stringify(runs));
  const output = await text(child.stdout);
  if (output === "")
    throw new Error(`the ${engine} process ended without an answer (${child.exitCode ?? child.signalCode})`);
  return JSON.parse(output) as RunOutputs[];
}
