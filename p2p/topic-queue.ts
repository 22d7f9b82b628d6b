import type { TopicSpec, Verdict } from "./topics.ts";

/** `from` is the peer that sent the message to this node, not its author. */
export type TopicHandler = (bytes: Uint8Array, from: string) => Verdict | Promise<Verdict>;

export interface TopicQueue {
  /** Resolves to the handler's verdict, or to `ignore` when the message is dropped. Never rejects. */
  push(bytes: Uint8Array, from: string): Promise<Verdict>;
  /** Drops all that waits. */
  clear(): void;
  readonly length: number;
}

export interface TopicQueueOptions {
  readonly spec: TopicSpec;
  readonly handler: TopicHandler;
  readonly onDrop: (reason: "full" | "peerFull") => void;
  /** The handler threw, which is a fault of this node; the message counts as ignored. */
  readonly onFault: (error: unknown) => void;
}

interface Waiting {
  readonly bytes: Uint8Array;
  readonly from: string;
  readonly resolve: (verdict: Verdict) => void;
}

/**
 * Hands a topic's messages to its handler in the order and within the bounds of its row: one at a time, or as many at
 * once as the row says, for handlers whose verdict may depend on messages that come later.
 */
export function createTopicQueue(options: TopicQueueOptions): TopicQueue {
  const { spec } = options;
  const waiting: Waiting[] = [];
  const perPeer = new Map<string, number>();
  const concurrency = spec.concurrency ?? 1;
  let underWay = 0;

  function count(from: string, change: number): number {
    const value = (perPeer.get(from) ?? 0) + change;
    if (value === 0) perPeer.delete(from);
    else perPeer.set(from, value);
    return value;
  }

  function drop(message: Waiting, reason: "full" | "peerFull"): void {
    options.onDrop(reason);
    message.resolve("ignore");
  }

  function add(message: Waiting): void {
    // A message counts until it is answered; the one under way is not among those that wait.
    if (count(message.from, 1) > spec.queuePerPeer + 1) {
      count(message.from, -1);
      drop(message, "peerFull");
      return;
    }
    if (waiting.length >= spec.queue) {
      const dropped = spec.drop === "oldest" ? waiting.shift() : message;
      if (dropped !== undefined) {
        count(dropped.from, -1);
        drop(dropped, "full");
      }
      if (dropped === message) return;
    }
    waiting.push(message);
  }

  async function handle(message: Waiting): Promise<void> {
    let verdict: Verdict = "ignore";
    try {
      verdict = await options.handler(message.bytes, message.from);
    } catch (error) {
      options.onFault(error);
    }
    underWay--;
    count(message.from, -1);
    message.resolve(verdict);
    start();
  }

  function start(): void {
    while (underWay < concurrency) {
      const message = spec.order === "fifo" ? waiting.shift() : waiting.pop();
      if (message === undefined) return;
      underWay++;
      void handle(message);
    }
  }

  return {
    push(bytes, from) {
      return new Promise((resolve) => {
        add({ bytes, from, resolve });
        start();
      });
    },
    clear() {
      for (const message of waiting.splice(0)) {
        count(message.from, -1);
        message.resolve("ignore");
      }
    },
    get length() {
      return waiting.length;
    },
  };
}
