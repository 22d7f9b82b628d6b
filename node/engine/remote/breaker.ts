export interface BreakerOptions {
  /** Consecutive failures that open it. */
  readonly failures: number;
  /** First time that it stays open, milliseconds; doubled by each probe that fails. */
  readonly delayMs: number;
  readonly maxDelayMs: number;
}

/** `ok` and `failed` count. `neutral` says nothing of the other side: cancelled, or refused before it was asked. */
export type PassOutcome =
  | { readonly kind: "ok" }
  | { readonly kind: "neutral" }
  | { readonly kind: "failed"; readonly reason: string };

export type Entry =
  | { readonly kind: "pass"; readonly settle: (outcome: PassOutcome) => void }
  | { readonly kind: "refused"; readonly reason: string };

export interface Breaker {
  readonly state: "closed" | "open" | "halfOpen";
  /** Of the last failure, while it is not closed. */
  readonly reason: string | undefined;
  /** Each pass is settled once. */
  enter(): Entry;
}

/**
 * A circuit breaker: closed, then open after `failures` in a row, then half-open for one probe once its delay is over, which closes it or
 * opens it for twice as long. A pass that was given before the last change of state no longer counts.
 * @param now milliseconds of a steady clock.
 */
export function createBreaker({ failures, delayMs, maxDelayMs }: BreakerOptions, now: () => number): Breaker {
  let state: Breaker["state"] = "closed";
  let failed = 0;
  let delay = delayMs;
  let until = 0;
  let reason: string | undefined;
  /** Counts changes of state. */
  let epoch = 0;

  function become(next: Breaker["state"]): void {
    state = next;
    failed = 0;
    epoch++;
  }

  function open(forMs: number): void {
    become("open");
    until = now() + forMs;
  }

  function fail(why: string): void {
    reason = why;
    if (state === "halfOpen") {
      delay = Math.min(delay * 2, Math.max(maxDelayMs, delayMs));
      open(delay);
    } else if (++failed >= failures) open(delay);
  }

  function succeed(): void {
    failed = 0;
    if (state === "closed") return;
    become("closed");
    delay = delayMs;
    reason = undefined;
  }

  function settle(outcome: PassOutcome): void {
    if (outcome.kind === "failed") fail(outcome.reason);
    else if (outcome.kind === "ok") succeed();
    // The next one may probe at once.
    else if (state === "halfOpen") open(0);
  }

  return {
    get state() {
      return state;
    },
    get reason() {
      return state === "closed" ? undefined : reason;
    },
    enter() {
      if (state === "halfOpen") return { kind: "refused", reason: `one request probes it, after: ${reason}` };
      if (state === "open" && now() < until) {
        return { kind: "refused", reason: `not asked for ${Math.ceil(until - now())} ms more, after: ${reason}` };
      }
      if (state === "open") become("halfOpen");
      const given = epoch;
      return { kind: "pass", settle: (outcome) => (given === epoch ? settle(outcome) : undefined) };
    },
  };
}
