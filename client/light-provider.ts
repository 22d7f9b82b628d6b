import type { RpcClient } from "@cosmjs/tendermint-rpc";
import { base64 } from "@scure/base";
import { LightClientAttackEvidence } from "../chain/types/evidence.ts";
import { LightBlock, MAX_LIGHT_BLOCK_BYTES } from "../chain/types/light-block.ts";
import { attackEvidence } from "../consensus/light/attack-evidence.ts";
import type { Divergence } from "../consensus/light/divergence.ts";
import { NodeError, RpcCallError } from "./errors.ts";
import { nodeRpc, type RpcBounds } from "./node-rpc.ts";

/** Somebody who has the chain's blocks, or says so. */
export interface LightProvider {
  /** For messages: the endpoint of a node. */
  readonly name: string;
  /**
   * @param height the tip's if not given.
   * @returns undefined when there is no such block (yet, or any more). Rejects when there is no proper answer.
   */
  lightBlock(height?: number): Promise<LightBlock | undefined>;
  /** Takes evidence that another provider's blocks conflict with this one's. */
  report?(divergence: Divergence): Promise<void>;
}

/** Base64 and JSON around it. */
const MAX_ANSWER_BYTES = 2 * MAX_LIGHT_BLOCK_BYTES;

/**
 * Reads what `assay_light_block` answers. Its parts are proper SSZ; whether they belong together, verification says.
 * @throws NodeError
 */
export function decodeLightBlock(result: unknown, from: string): LightBlock {
  const text = (result as { light_block?: unknown } | null)?.light_block;
  if (typeof text !== "string" || text.length > MAX_ANSWER_BYTES) throw new NodeError(`${from} answers no light block`);
  try {
    return LightBlock.deserialize(base64.decode(text));
  } catch (error) {
    throw new NodeError(`${from} answers a light block that can't be read`, { cause: error });
  }
}

/** What a node says of a height that it does not hold. */
function isMissing(error: unknown): boolean {
  return (
    error instanceof RpcCallError && /current blockchain height|not available|no block has been/.test(error.message)
  );
}

/**
 * A node's JSON-RPC as a source of light blocks. Calls are single requests, bounded in time and size.
 * @param endpoint `http://127.0.0.1:26657`.
 * @example
 * const tip = await rpcProvider("http://127.0.0.1:26657").lightBlock();
 */
export function rpcProvider(endpoint: string, bounds: RpcBounds = {}): LightProvider {
  const rpc: RpcClient = nodeRpc(endpoint, { maxBytes: MAX_ANSWER_BYTES, ...bounds });
  return {
    name: endpoint,
    async lightBlock(height) {
      const params = height === undefined ? {} : { height: String(height) };
      try {
        const { result } = await rpc.execute({ jsonrpc: "2.0", id: 1, method: "assay_light_block", params });
        return decodeLightBlock(result, endpoint);
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    async report(divergence) {
      const found = attackEvidence(divergence);
      if (found === undefined) throw new NodeError("somebody signed whom the chain does not know at that height");
      const evidence = base64.encode(LightClientAttackEvidence.serialize(found));
      const { result } = await rpc.execute({
        jsonrpc: "2.0",
        id: 1,
        method: "assay_submit_attack",
        params: { evidence },
      });
      if ((result as { outcome?: unknown }).outcome === "refused") {
        throw new NodeError(`${endpoint} says that the evidence proves nothing`);
      }
    },
  };
}
