import type { StoredBlock } from "./api.ts";
import type { Logger } from "./log.ts";

/** Listeners of commits. One that throws is a fault of its own and is only logged: the block is committed. */
export function commitListeners(log: Pick<Logger, "error">) {
  const listeners = new Set<(block: StoredBlock) => void>();
  return {
    add(listener: (block: StoredBlock) => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    notify(block: StoredBlock) {
      for (const listener of listeners) {
        try {
          listener(block);
        } catch (error) {
          log.error({ err: error, height: block.block.header.height }, "a listener of commits failed");
        }
      }
    },
  };
}
