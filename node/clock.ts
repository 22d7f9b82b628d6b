import type { Clock } from "../consensus/driver/ports.ts";

/** Milliseconds since the Unix epoch; jumps when the machine's clock is set. */
export const wallClock: Clock = {
  now: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** Goes on evenly whatever the wall clock does; where it starts means nothing. */
export const steadyClock: Clock = { ...wallClock, now: () => performance.now() };
