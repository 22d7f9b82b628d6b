import { createProtobufRpcClient, QueryClient } from "@cosmjs/stargate";
import type { CometClient } from "@cosmjs/tendermint-rpc";
import { QuerySecurityRequest, QuerySecurityResponse } from "../proto/security.ts";

/** Zero, or left out: now. */
export interface SecurityQuestion {
  /** Height whose votes are asked about. */
  readonly infractionHeight?: number;
  /** Height at which they would be punished, not before the last one. */
  readonly punishedHeight?: number;
  /** How many validators `topSharePpm` is of; ten if not given. */
  readonly top?: number;
}

/**
 * What the stake secures: who can stop or break the chain and what that costs, and how far the chain is from standing still. Amounts are
 * base units. The answer is the node's word; nothing in it is proven.
 * @example
 * const { third, marginToHalt } = await querySecurity(cometClient("http://127.0.0.1:26657"));
 */
export async function querySecurity(
  comet: CometClient,
  question: SecurityQuestion = {},
): Promise<QuerySecurityResponse> {
  const rpc = createProtobufRpcClient(QueryClient.withExtensions(comet));
  const request = QuerySecurityRequest.encode({
    infractionHeight: BigInt(question.infractionHeight ?? 0),
    punishedHeight: BigInt(question.punishedHeight ?? 0),
    top: question.top ?? 0,
  });
  return QuerySecurityResponse.decode(await rpc.request("assay.security.v1.Query", "Security", request.finish()));
}
