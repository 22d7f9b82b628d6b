import { expect } from "vitest";
import type { TestNetwork } from "./network.ts";
import { type ChainEvent, chainQueries } from "./rpc.ts";

export const HONEST = [0, 1, 2];
export const BAD = 3;
export const FEE = 100_000n;
export const STAKE = 1_000_000_000_000n;
/** What one wrong or withheld attestation costs of it: inference.slashFractionWrongOutput, 5 %. */
export const WRONG_OUTPUT = STAKE / 20n;

/** Short windows, so that what takes weeks elsewhere is seen within seconds. */
export const PARAMS = {
  "consensus.emptyBlockInterval": 250n,
  "inference.commitWindow": 8n,
  "inference.revealWindow": 8n,
  "inference.appealWindow": 5n,
};

export async function stakes(network: TestNetwork): Promise<bigint[]> {
  const queries = await chainQueries(network.rpc(0));
  const validators = [...HONEST, BAD].map((i) => queries.validator(network.validator(i).operator));
  return (await Promise.all(validators)).map(({ tokens }) => BigInt(tokens));
}

export async function sameStateEverywhere(network: TestNetwork, nodes: readonly number[]): Promise<void> {
  const to = Math.min(...(await Promise.all(nodes.map((i) => network.height(i)))));
  const [first, ...others] = await Promise.all(nodes.map((i) => network.roots(i, 1, to)));
  for (const other of others) expect(other).toEqual(first);
}

export const about = (type: string, operator: string, jobId: string) => (event: ChainEvent) =>
  event.type === type && event.attributes.job_id === jobId && event.attributes.operator === operator;
