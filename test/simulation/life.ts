import type { Random } from "./random.ts";

/** What a node's code gets when it goes on after its process has ended. Nobody ever sees it but dead code. */
export class CrashedError extends Error {
  constructor() {
    super("this process has ended");
    this.name = "CrashedError";
  }
}

/**
 * For calls into a node that come from outside. That its process ends meanwhile is nobody's failure.
 * @param onError told of anything else that is thrown, which is a failure of the node.
 */
export function guarded<T>(call: () => T, onError: (error: unknown) => void): T | undefined {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof CrashedError)) onError(error);
    return undefined;
  }
}

/** One process of a node, from its start to its crash. Everything that a node does to the world passes through here. */
export interface Life {
  readonly isAlive: boolean;
  /** Does something and may end the process right after it. @throws CrashedError in a process that has ended. */
  effect<T>(name: string, act: () => T): T;
  /** Waits a while, and for ever if the process ends meanwhile. */
  wait(ms: number, label: string): Promise<void>;
  /** Runs later, unless the process has ended by then or the returned function was called. */
  later(ms: number, label: string, run: () => void): () => void;
  /** The process ends after so many more effects. */
  crashAfter(effects: number): void;
  end(): void;
}

export interface LifePorts {
  /** Schedules in the node's own time: not while it is paused. */
  later(ms: number, label: string, run: () => void): () => void;
  /** Called once, with the effect that was the last. */
  onCrash(effect: string): void;
  /** Its code threw where nobody catches. */
  onError(error: unknown): void;
}

export function createLife(ports: LifePorts): Life {
  let isAlive = true;
  let left = Number.POSITIVE_INFINITY;
  const later: Life["later"] = (ms, label, run) =>
    ports.later(ms, label, () => {
      if (isAlive) guarded(run, (error) => ports.onError(error));
    });
  return {
    get isAlive() {
      return isAlive;
    },
    effect(name, act) {
      if (!isAlive) throw new CrashedError();
      const result = act();
      if (isAlive && --left <= 0) {
        isAlive = false;
        ports.onCrash(name);
        throw new CrashedError();
      }
      return result;
    },
    wait: (ms, label) => (ms <= 0 && isAlive ? Promise.resolve() : new Promise((resolve) => later(ms, label, resolve))),
    later,
    crashAfter(effects) {
      left = effects;
    },
    end() {
      isAlive = false;
    },
  };
}

/** How long things take on a node's machine, milliseconds. */
export interface Machine {
  /** Of a flush, on average. */
  readonly disk: number;
  /** Of building or executing a block, on average. */
  readonly execution: number;
}

/** Zero stays zero, so that a machine without delays costs no events. */
export function duration(random: Random, mean: number): number {
  return mean === 0 ? 0 : random.exponential(mean);
}
