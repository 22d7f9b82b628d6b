import type { Verdict } from "./ports.ts";

/** A message for a height that is not under way yet. It is not verified: the set that votes there may be unknown. */
export interface FutureMessage {
  readonly height: number;
  /** Serialised size, or a bound of it. */
  readonly bytes: number;
  /** Handles the message once its height has begun. */
  release(): void;
  /** Answers whoever waits for a verdict when the message is dropped. */
  drop(verdict: Verdict): void;
}

export interface FutureQueue {
  add(message: FutureMessage, currentHeight: number): void;
  /** Releases the messages of `height` and drops those of earlier ones. */
  advance(height: number): void;
  clear(): void;
  readonly size: number;
}

/** Heights after the current one that messages are kept for: a node further behind needs blocks, not votes. */
const MAX_HEIGHTS_AHEAD = 2;

/** Bounded by count and by bytes; the farthest heights give way first, among them the latest messages. */
export function createFutureQueue(maxCount: number, maxBytes: number): FutureQueue {
  let messages: FutureMessage[] = [];
  let bytes = 0;

  function evictOne(): void {
    let farthest = 0;
    for (const [index, { height }] of messages.entries()) {
      if (height >= (messages[farthest]?.height ?? 0)) farthest = index;
    }
    for (const message of messages.splice(farthest, 1)) {
      bytes -= message.bytes;
      message.drop("ignore");
    }
  }

  return {
    get size() {
      return messages.length;
    },
    add(message, currentHeight) {
      if (message.height > currentHeight + MAX_HEIGHTS_AHEAD) return message.drop("ignore");
      messages.push(message);
      bytes += message.bytes;
      while (messages.length > maxCount || bytes > maxBytes) evictOne();
    },
    advance(height) {
      const due = messages.filter((message) => message.height <= height);
      messages = messages.filter((message) => message.height > height);
      for (const message of due) {
        bytes -= message.bytes;
        if (message.height === height) message.release();
        else message.drop("ignore");
      }
    },
    clear() {
      for (const message of messages) message.drop("ignore");
      messages = [];
      bytes = 0;
    },
  };
}
