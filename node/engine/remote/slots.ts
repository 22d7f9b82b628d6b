import { createJobQueue, type Priority } from "../job-queue.ts";

export type Slot =
  | { readonly kind: "slot"; readonly release: () => void }
  | { readonly kind: "none"; readonly reason: string };

export interface Slots {
  readonly taken: number;
  readonly waiting: number;
  /** Waits for one of the slots. Released once. */
  take(priority: Priority, signal: AbortSignal | undefined): Promise<Slot>;
  /** Those that wait get none. */
  close(): void;
}

interface Waiting {
  readonly priority: Priority;
  readonly answer: (slot: Slot) => void;
}

/** At most `limit` requests under way and `maxQueue` that wait: urgent ones first, and in place of speculative ones where it is full. */
export function createSlots(limit: number, maxQueue: number): Slots {
  const queue = createJobQueue<Waiting>(maxQueue);
  let taken = 0;
  let closed = false;

  function give(): Slot {
    taken++;
    return { kind: "slot", release };
  }

  function release(): void {
    taken--;
    const next = queue.take();
    if (next !== undefined) next.answer(give());
  }

  function wait(priority: Priority, signal: AbortSignal | undefined): Promise<Slot> {
    const { promise, resolve } = Promise.withResolvers<Slot>();
    const onAbort = (): void => {
      queue.remove(waiting);
      waiting.answer({ kind: "none", reason: "cancelled" });
    };
    const waiting: Waiting = {
      priority,
      answer(slot) {
        signal?.removeEventListener("abort", onAbort);
        resolve(slot);
      },
    };
    const admission = queue.add(waiting);
    if (admission.kind === "full") resolve({ kind: "none", reason: `${maxQueue} requests wait already` });
    else signal?.addEventListener("abort", onAbort, { once: true });
    if (admission.kind === "displaced")
      admission.job.answer({ kind: "none", reason: "displaced by a request of higher priority" });
    return promise;
  }

  return {
    get taken() {
      return taken;
    },
    get waiting() {
      return queue.size;
    },
    take(priority, signal) {
      if (closed) return Promise.resolve({ kind: "none", reason: "the engine is closed" });
      if (signal?.aborted === true) return Promise.resolve({ kind: "none", reason: "cancelled" });
      return taken < limit ? Promise.resolve(give()) : wait(priority, signal);
    },
    close() {
      closed = true;
      for (const { answer } of queue.drain()) answer({ kind: "none", reason: "the engine is closed" });
    },
  };
}
