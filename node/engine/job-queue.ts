/** Speculation is `low`: it makes way, in the queue and in the engine, for what a vote waits for. */
export type Priority = "high" | "low";

export type Admission<T> =
  | { readonly kind: "queued" }
  /** Queued in place of this speculative job, the newest of them. */
  | { readonly kind: "displaced"; readonly job: T }
  | { readonly kind: "full" };

export interface JobQueue<T> {
  readonly size: number;
  /** Whether a job of high priority waits. */
  readonly urgent: boolean;
  add(job: T): Admission<T>;
  /** Puts an interrupted job back at the head of its priority. Never refused: it had been let in. */
  putBack(job: T): void;
  take(): T | undefined;
  remove(job: T): void;
  /** Empties the queue. */
  drain(): readonly T[];
}

/** First in, first out within a priority; at most `limit` jobs. */
export function createJobQueue<T extends { readonly priority: Priority }>(limit: number): JobQueue<T> {
  const lanes: Record<Priority, T[]> = { high: [], low: [] };
  const size = (): number => lanes.high.length + lanes.low.length;
  return {
    get size() {
      return size();
    },
    get urgent() {
      return lanes.high.length > 0;
    },
    add: (job) => {
      const full = size() >= limit;
      const displaced = full && job.priority === "high" ? lanes.low.pop() : undefined;
      if (full && displaced === undefined) return { kind: "full" };
      lanes[job.priority].push(job);
      return displaced === undefined ? { kind: "queued" } : { kind: "displaced", job: displaced };
    },
    putBack: (job) => void lanes[job.priority].unshift(job),
    take: () => lanes.high.shift() ?? lanes.low.shift(),
    remove: (job) => {
      const lane = lanes[job.priority];
      const at = lane.indexOf(job);
      if (at >= 0) lane.splice(at, 1);
    },
    drain: () => [...lanes.high.splice(0), ...lanes.low.splice(0)],
  };
}
