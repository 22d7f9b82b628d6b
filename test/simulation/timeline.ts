import { createHash } from "node:crypto";
import { eventQueue } from "../consensus/event-queue.ts";

/** Virtual time: what is to happen, in order, and a record of what has. */
export interface Timeline {
  /** Milliseconds since the start of the run. */
  readonly now: number;
  readonly events: number;
  /** @param label what the trace calls it. The returned function cancels. */
  after(ms: number, label: string, run: () => void): () => void;
  /** Adds a line to the trace: something that was seen to happen. */
  note(line: string): void;
  /**
   * Runs events, each with all that follows from it before the next, until the condition holds or time is over.
   * @returns whether the condition holds.
   */
  until(condition: () => boolean, end: number): Promise<boolean>;
  /** SHA-256 of the whole trace so far: equal for equal runs. */
  hash(): string;
}

/**
 * Nothing in a run waits for the machine, so all that follows from an event is microtasks: they are over when the event
 * loop comes to its next turn.
 */
const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Trace lines hashed at once. */
const CHUNK = 256;

/** @param onLine gets every line of the trace, for a person who looks at one run. */
export function createTimeline(onLine: (line: string) => void = () => undefined): Timeline {
  const queue = eventQueue();
  const hash = createHash("sha256");
  let lines: string[] = [];
  let now = 0;
  let events = 0;
  /** Whether the event taken last was not cancelled. */
  let happened = false;

  function flush(): void {
    hash.update(lines.join("\n"));
    lines = [];
  }

  function note(line: string): void {
    const text = `${now.toFixed(3)} ${line}`;
    lines.push(text);
    onLine(text);
    if (lines.length >= CHUNK) flush();
  }

  return {
    get now() {
      return now;
    },
    get events() {
      return events;
    },
    after(ms, label, run) {
      let isCancelled = false;
      queue.add(now + Math.max(0, ms), () => {
        if (isCancelled) return;
        happened = true;
        note(label);
        run();
      });
      return () => {
        isCancelled = true;
      };
    },
    note,
    async until(condition, end) {
      await settled();
      while (!condition()) {
        const event = queue.next();
        if (event === undefined) return false;
        now = Math.max(now, event.at);
        if (now > end) {
          queue.add(event.at, event.run);
          return false;
        }
        happened = false;
        event.run();
        if (!happened) continue;
        events++;
        await settled();
      }
      return true;
    },
    hash() {
      flush();
      return hash.copy().digest("hex");
    },
  };
}
