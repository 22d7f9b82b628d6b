/** One Ctrl-C can arrive twice: from the terminal, and passed on by the process that started this one. */
const SAME_SIGNAL_MS = 1000;
/** 128 + SIGINT. */
const EXIT_FORCED = 130;

export interface StopSignal {
  /** Resolves with a few words on why, once, at the first reason to stop. */
  readonly stopped: Promise<string>;
  /** Gives the signals their usual meaning back. */
  dispose(): void;
}

/**
 * Waits for SIGINT, SIGTERM, or the end of the process that started this one over an IPC channel, which a kill of that
 * process also brings about. A second signal, more than a second later, ends the process at once.
 */
export function stopSignal(): StopSignal {
  const { promise, resolve } = Promise.withResolvers<string>();
  let first: number | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    const now = performance.now();
    if (first !== undefined && now - first > SAME_SIGNAL_MS) process.exit(EXIT_FORCED);
    first ??= now;
    resolve(signal);
  };
  const onDisconnect = () => resolve("the parent process is gone");
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  process.once("disconnect", onDisconnect);
  return {
    stopped: promise,
    dispose() {
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
      process.off("disconnect", onDisconnect);
    },
  };
}
