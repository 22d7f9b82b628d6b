/** Handles letters strictly one after another, in the order they came. */
export interface Mailbox<T> {
  post(letter: T): void;
  /** Resolves once the letter being handled is done. What still waits is discarded, as is all that comes later. */
  close(): Promise<void>;
}

/**
 * @param discard called for each letter that will never be handled, so that whoever waits for an answer gets one.
 * @param onFault called once, when handling throws; the mailbox is closed then.
 */
export function createMailbox<T>(
  handle: (letter: T) => Promise<void>,
  discard: (letter: T) => void,
  onFault: (error: unknown) => void,
): Mailbox<T> {
  const waiting: T[] = [];
  let closed = false;
  let running: Promise<void> | undefined;

  function shut(): void {
    closed = true;
    for (const letter of waiting.splice(0)) discard(letter);
  }

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      // In batches, because taking letters off the front of a long array one by one is slow.
      const batch = waiting.splice(0);
      for (const letter of batch) {
        if (closed) {
          discard(letter);
          continue;
        }
        try {
          await handle(letter);
        } catch (error) {
          discard(letter);
          shut();
          onFault(error);
        }
      }
    }
    running = undefined;
  }

  return {
    post(letter) {
      if (closed) return discard(letter);
      waiting.push(letter);
      // Started in a later microtask, so that handling never runs inside the caller.
      running ??= Promise.resolve().then(run);
    },
    async close() {
      shut();
      await running;
    },
  };
}
