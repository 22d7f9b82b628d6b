/** Which models the engine process holds. The node keeps the books; the process only obeys. */
export interface SessionCache {
  readonly bytes: number;
  holds(model: string): boolean;
  /** Whether the model is held; it then counts as used now. */
  use(model: string): boolean;
  /** Enters a model and returns those that must be released for it, longest unused first. */
  admit(model: string, bytes: number): readonly string[];
  forget(model: string): void;
  /** For a new process, which holds none. */
  clear(): void;
}

/** Least recently used goes first. A model larger than `maxBytes` is held alone. */
export function createSessionCache(maxBytes: number): SessionCache {
  const sizes = new Map<string, number>(); // In order of use.
  let total = 0;
  function forget(model: string): void {
    total -= sizes.get(model) ?? 0;
    sizes.delete(model);
  }
  return {
    get bytes() {
      return total;
    },
    holds: (model) => sizes.has(model),
    use: (model) => {
      const size = sizes.get(model);
      if (size === undefined) return false;
      sizes.delete(model);
      sizes.set(model, size);
      return true;
    },
    admit: (model, bytes) => {
      forget(model);
      const released: string[] = [];
      for (const candidate of sizes.keys()) {
        if (total + bytes <= maxBytes) break;
        forget(candidate);
        released.push(candidate);
      }
      sizes.set(model, bytes);
      total += bytes;
      return released;
    },
    forget,
    clear: () => {
      sizes.clear();
      total = 0;
    },
  };
}
