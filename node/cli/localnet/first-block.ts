import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../user-error.ts";

const POLL_MS = 100;

/** The height that a node's RPC reports, or undefined while it does not answer. */
async function heightOf(rpc: string, signal: AbortSignal): Promise<number | undefined> {
  try {
    const response = await fetch(`${rpc}/status`, { signal: AbortSignal.any([signal, AbortSignal.timeout(2000)]) });
    const body = (await response.json()) as { result?: { sync_info?: { latest_block_height?: string } } };
    return Number(body.result?.sync_info?.latest_block_height ?? 0);
  } catch {
    return undefined; // Not up yet; how long that may last is the caller's limit.
  }
}

/**
 * Waits until a node has a block.
 * @param rpc `http://127.0.0.1:26657`.
 * @returns its height, or undefined when the signal came first.
 * @throws UserError after `limitMs`.
 */
export async function firstBlock(rpc: string, limitMs: number, signal: AbortSignal): Promise<number | undefined> {
  const end = performance.now() + limitMs;
  for (;;) {
    const height = await heightOf(rpc, signal);
    if (signal.aborted) return undefined;
    if (height !== undefined && height >= 1) return height;
    if (performance.now() > end) {
      const found = height === undefined ? "does not answer" : "has no block";
      throw new UserError(`${rpc} ${found} after ${limitMs / 1000} s: see the nodes' logs`);
    }
    await sleep(POLL_MS);
  }
}
