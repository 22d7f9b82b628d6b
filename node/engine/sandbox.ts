import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Confinement, probeConfinement } from "./confinement.ts";
import { PINNED_ENGINE, PINNED_NATIVE } from "./pinned.ts";

/** Canonical runs in WebAssembly, native as machine code. Never both in one process. */
export type EngineKind = "canonical" | "native";

const PACKAGES = { canonical: PINNED_ENGINE.package, native: PINNED_NATIVE.package } as const;
const HEAP_MIB = 256;

/** Directories and files the child may read: its own sources and the engine. It may write and spawn nowhere. */
export function readablePaths(kind: EngineKind = "canonical"): readonly string[] {
  const here = dirname(fileURLToPath(import.meta.url));
  const sources = [join(here, "/"), join(here, "../../package.json")];
  const engine = installed(PACKAGES[kind]);
  if (engine === undefined) return sources; // The process says so itself.
  const types = createRequire(engine).resolve("onnxruntime-common");
  return [...sources, packageRoot(engine), packageRoot(types)];
}

/** The main file of a package, if there is one. */
function installed(name: string): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(name);
  } catch {
    return undefined; // Whatever the cause: there is no package to let the process read.
  }
}

/** `…/node_modules/<name>/` of a file inside; both packages have unscoped names. */
function packageRoot(file: string): string {
  const marker = join("/node_modules/");
  const at = file.lastIndexOf(marker) + marker.length;
  return file.slice(0, file.indexOf(join("/"), at) + 1);
}

/** Flags of the child's Node: no files but `readablePaths`, a bounded heap, no code from strings. */
export function sandboxFlags(
  { diesWithParent }: Confinement = confinement(),
  engine: EngineKind = "canonical",
): readonly string[] {
  return [
    "--permission",
    // A thread that is given flags of its own leaves the permission model: none, unless the orphan watchdog needs one.
    ...(diesWithParent ? [] : ["--allow-worker"]),
    // The native engine is one; only its own pinned package can be read, whoever else would be loaded.
    ...(engine === "native" ? ["--allow-addons"] : []),
    ...readablePaths(engine).map((path) => `--allow-fs-read=${path}`),
    // Opens and makes files without asking the permission model.
    "--no-experimental-sqlite",
    `--max-old-space-size=${HEAP_MIB}`,
    "--disallow-code-generation-from-strings",
    "--disable-sigusr1",
    "--no-warnings",
  ];
}

let probed: Confinement | undefined;

/** What engine processes of this node are started under. Probed by the first call, which takes about 20 ms. */
export function confinement(): Confinement {
  probed ??= probeConfinement([process.execPath, ...readablePaths()]);
  return probed;
}
