import type { Header } from "../chain/types/header.ts";
import { UserError } from "./user-error.ts";

/** Far more than clocks that are kept in step differ, and than any rule of the chain lets a block be ahead. */
const MAX_BEHIND_MS = 60_000;

/**
 * A node whose clock is behind its own last block would take every proposal for one from the future.
 * @param now milliseconds since the Unix epoch.
 * @throws UserError
 */
export function refuseWrongClock(tip: Pick<Header, "height" | "time">, now: number): void {
  const behind = tip.time - now;
  if (tip.height === 0 || behind <= MAX_BEHIND_MS) return;
  throw new UserError(
    `this machine's clock says ${new Date(now).toISOString()}, but block ${tip.height} in the data folder is of ` +
      `${new Date(tip.time).toISOString()}, ${Math.round(behind / 1000)} seconds later: set the clock, best by NTP, and start again`,
  );
}
