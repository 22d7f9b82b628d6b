import { toHex } from "../../chain/bytes.ts";
import { createEngine, type Engine, type EngineOptions, type EngineResult, type RunRequest } from "./engine.ts";
import { exactEngineId, toleranceEngineId } from "./engine-id.ts";
import { type EngineMismatch, exactEngine } from "./exact-engine.ts";

/** An engine that this build can run. Another version of one is another entry, with files and an id of its own. */
export interface KnownEngine {
  readonly id: Uint8Array;
  /** @param canonical for engines that lean on it. */
  readonly open: (canonical: Engine) => Engine;
}

export interface EnginesOptions extends Omit<EngineOptions, "engine"> {
  /** Runs models of the class tolerance in place of the native engine; closed with the others. */
  readonly remote?: Engine;
  readonly onMismatch: (mismatch: EngineMismatch) => void;
}

/** All engines of this build by id, beside the canonical one. */
export function knownEngines({ onMismatch, remote, ...options }: EnginesOptions): readonly KnownEngine[] {
  let started: Engine | undefined;
  // One for both classes: closing it twice is closing it.
  const native = (): Engine => (started ??= createEngine({ ...options, engine: "native" }));
  return [
    { id: exactEngineId(), open: (canonical) => exactEngine({ canonical, native, onMismatch }) },
    { id: toleranceEngineId(), open: () => remote ?? lazyEngine(toleranceEngineId(), native) },
  ];
}

/** Starts an engine with its first run: most nodes never get a model for it. */
function lazyEngine(id: Uint8Array, open: () => Engine): Engine {
  let started: Engine | undefined;
  const engine = (): Engine => (started ??= open());
  return {
    id,
    run: (request) => engine().run(request),
    inspect: (bytes) => engine().inspect(bytes),
    status: () => engine().status(),
    close: async () => started?.close(),
  };
}

/** The canonical engine and all others of this build, as one. */
export function openEngines(options: EnginesOptions): Engine {
  const { onMismatch: _, remote: __, ...own } = options;
  return engineRegistry(createEngine(own), knownEngines(options));
}

/**
 * One engine in front of several: runs go by the engine id of the request, which stays with a model for life. A run for an engine that is not here
 * is absent, so that nothing is signed for it. `inspect` and `status` are those of the canonical one.
 * @param canonical started; also for requests that name no engine.
 */
export function engineRegistry(canonical: Engine, others: readonly KnownEngine[]): Engine {
  const table = new Map<string, Engine>([[toHex(canonical.id), canonical]]);
  for (const { id, open } of others) table.set(toHex(id), open(canonical));

  function run(request: RunRequest): Promise<EngineResult> {
    const id = toHex(request.engineId ?? canonical.id);
    const engine = table.get(id);
    return (
      engine?.run(request) ?? Promise.resolve({ kind: "absent", reason: `engine ${id} is not installed` } as const)
    );
  }

  return {
    id: canonical.id,
    ids: [canonical.id, ...others.map(({ id }) => id)],
    run,
    inspect: (bytes) => canonical.inspect(bytes),
    status: () => canonical.status(),
    close: async () => {
      await Promise.all([...table.values()].map((engine) => engine.close()));
    },
  };
}
