import { expect } from "vitest";
import { sha256 } from "../../chain/crypto/hash.ts";
import type { TestNetwork } from "./network.ts";
import { type ChainEvent, chainQueries } from "./rpc.ts";

export const HONEST = [0, 1, 2];
export const BAD = 3;
export const FEE = 100_000n;
export const STAKE = 1_000_000_000_000n;
/** What one wrong or withheld attestation costs of it: inference.slashFractionWrongOutput, 5 %. */
export const WRONG_OUTPUT = STAKE / 20n;

/** SHA-256 of the bytes that the canonical engine gives for row 0 of cnn_digits: of the logits, then of the probabilities. */
export const CANONICAL_ROW_0 = [
  "9606a550c0aa77e85cf81b08c02b7139c63599f34496c8e75c400dd6fa3b3a77",
  "d92b65c27be1a56d83f54d3a8588f9a4a308fc167c91f16a1039f7bfb25057fe",
];
export const hashOf = (bytes: Uint8Array): string => Buffer.from(sha256(bytes)).toString("hex");

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
