import { createStore, type StoreOptions } from "./create-store.ts";
import { createKeySets } from "./key-sets.ts";
import { createMemoryBackend } from "./memory-backend.ts";
import type { StateStore } from "./store.ts";

const DEFAULT_RETENTION = 100;

/** A store that lives as long as the process: for tests and the simulator. Keeps 100 past heights unless told otherwise. */
export function createMemoryStore(options: Partial<StoreOptions> = {}): StateStore {
  return createStore(createMemoryBackend(), createKeySets(), { retention: options.retention ?? DEFAULT_RETENTION });
}
