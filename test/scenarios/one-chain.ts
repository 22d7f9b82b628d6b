import { expect } from "vitest";
import type { TestNetwork } from "./network.ts";
import { signersAt } from "./rpc.ts";
import { eventually } from "./wait.ts";

/** The nodes tell the same blocks and states up to the height that all of them have. @returns that height. */
export async function oneChain(network: TestNetwork, nodes: readonly number[]): Promise<number> {
  const to = Math.min(...(await Promise.all(nodes.map((i) => network.height(i)))));
  const [first, ...others] = await Promise.all(nodes.map((i) => network.roots(i, 1, to)));
  for (const other of others) expect(other).toEqual(first);
  return to;
}

/** Waits for a commit above a height that this validator has signed. */
export function signsAgain(network: TestNetwork, i: number, above: number): Promise<true> {
  const { consensus } = network.validator(i);
  return eventually(`a signature of validator ${i} above height ${above}`, async () => {
    const height = (await network.height(0)) - 1;
    return height > above && (await signersAt(network.rpc(0), height)).signed.includes(consensus) ? true : undefined;
  });
}
