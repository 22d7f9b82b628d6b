import { consensusParams } from "./consensus-params.ts";
import type { Params } from "./params.ts";

/** A block's place in the chain; `time` is milliseconds. */
export interface Moment {
  readonly height: number;
  readonly time: number;
}

/**
 * Evidence of whatever kind counts until it is older than both limits: a chain that stands still must not let a fault
 * lapse by time alone, nor a fast one by blocks alone. Stake that is taken out stays answerable for longer.
 * @param fault the block of the height that the evidence is of.
 * @param now the block that carries it.
 * @returns why it is too old, or undefined.
 */
export function expiry(params: Params, fault: Moment, now: Moment): string | undefined {
  const { evidenceMaxAgeBlocks, evidenceMaxAgeTime } = consensusParams.read(params);
  const blocks = now.height - fault.height;
  const time = now.time - fault.time;
  if (blocks <= Number(evidenceMaxAgeBlocks) || time <= Number(evidenceMaxAgeTime)) return undefined;
  return `${blocks} blocks and ${time} ms old, the limits are ${evidenceMaxAgeBlocks} blocks and ${evidenceMaxAgeTime} ms`;
}
