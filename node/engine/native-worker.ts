import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { PINNED_NATIVE, PINNED_NATIVE_FILES } from "./pinned.ts";
import { runWorker } from "./serve.ts";
import { createSessions, type Sessions } from "./session.ts";

/**
 * The process of the native engine. It never loads the canonical one: both register with one table of backends, and one
 * then answers for the other without a word.
 */

/** Loads the engine of this platform. The files are those that were hashed unless somebody with the right to write them is at work. */
async function loadEngine(): Promise<string | Sessions> {
  const platform = `${process.platform}/${process.arch}`;
  const files = PINNED_NATIVE_FILES.get(platform);
  const { package: name, version } = PINNED_NATIVE;
  if (files === undefined) return `no native engine is pinned for ${platform}`;
  let root: string;
  try {
    root = join(createRequire(import.meta.url).resolve(name), "../..");
  } catch (error) {
    return `${name} ${version} is not installed: ${error instanceof Error ? error.message : String(error)}`;
  }
  for (const [file, expected] of files) {
    const found = createHash("sha256")
      .update(readFileSync(join(root, file)))
      .digest("hex");
    if (found !== expected) return `${file} has SHA-256 ${found}, ${expected} expected: reinstall ${name} ${version}`;
  }
  const { env, InferenceSession, Tensor } = await import("onnxruntime-node");
  if (env.versions.node !== version) return `${name} is ${env.versions.node}, ${version} expected`;
  env.logLevel = "fatal";
  return createSessions({ InferenceSession, Tensor, provider: "cpu", ...PINNED_NATIVE });
}

await runWorker(loadEngine);
