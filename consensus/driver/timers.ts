import type { Clock } from "./ports.ts";

/** At most one timer for each name; setting one again replaces it. */
export interface Timers<K extends string> {
  set(name: K, ms: number, callback: () => void): void;
  cancel(name: K): void;
  cancelAll(): void;
}

export function createTimers<K extends string>(clock: Clock): Timers<K> {
  const running = new Map<K, () => void>();

  function cancel(name: K): void {
    running.get(name)?.();
    running.delete(name);
  }

  return {
    set(name, ms, callback) {
      cancel(name);
      const stop = clock.after(Math.max(0, ms), () => {
        if (running.get(name) === stop) running.delete(name);
        callback();
      });
      running.set(name, stop);
    },
    cancel,
    cancelAll() {
      for (const stop of running.values()) stop();
      running.clear();
    },
  };
}
