import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 50;
/** Generous: it only costs something when a test fails. */
const LIMIT_MS = 60_000;

/**
 * Asks again and again until there is an answer.
 * @param probe undefined for "not yet"; so is an error, as of a node that is just starting, and the last one is reported.
 * @param giveUp throws when waiting has lost its point.
 */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined>,
  options: { readonly limitMs?: number; readonly giveUp?: () => void } = {},
): Promise<T> {
  const limitMs = options.limitMs ?? LIMIT_MS;
  const end = performance.now() + limitMs;
  let last: unknown;
  for (;;) {
    try {
      const answer = await probe();
      if (answer !== undefined) return answer;
      last = undefined;
    } catch (error) {
      last = error;
    }
    options.giveUp?.();
    if (performance.now() > end) throw new Error(`not within ${limitMs / 1000} s: ${what}`, { cause: last });
    await sleep(POLL_MS);
  }
}

/** The value that a probe kept giving for `ms`. Rejects when it was another each of the times that this was tried. */
export async function unchanging<T>(what: string, ms: number, probe: () => Promise<T>): Promise<T> {
  const seen: T[] = [];
  for (let attempt = 0; attempt < 3; attempt++) {
    const before = await probe();
    seen.push(before);
    await sleep(ms);
    if (JSON.stringify(await probe()) === JSON.stringify(before)) return before;
  }
  throw new Error(`${what} did not stay for ${ms} ms: ${JSON.stringify(seen)}`);
}
