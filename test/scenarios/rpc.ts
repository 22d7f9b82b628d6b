import { QueryClient, setupBankExtension, setupSlashingExtension, setupStakingExtension } from "@cosmjs/stargate";
import { Comet38Client } from "@cosmjs/tendermint-rpc";
import {
  QueryValidatorOutstandingRewardsRequest,
  QueryValidatorOutstandingRewardsResponse,
} from "cosmjs-types/cosmos/distribution/v1beta1/query";

const TIMEOUT_MS = 10_000;

/** A JSON-RPC call, so that what the scenarios see is what any client sees. Rejects with the node's own error. */
export async function call<T>(rpc: string, method: string, params: Readonly<Record<string, string>> = {}): Promise<T> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const response = await fetch(rpc, { method: "POST", body, signal: AbortSignal.timeout(TIMEOUT_MS) });
  const answer = (await response.json()) as { result?: T; error?: unknown };
  if (answer.result === undefined) throw new Error(`${rpc} ${method}: ${JSON.stringify(answer.error)}`);
  return answer.result;
}

interface HeaderJson {
  readonly app_hash: string;
}
interface CommitJson {
  readonly block_id: { readonly hash: string };
  readonly signatures: readonly { readonly block_id_flag: number; readonly validator_address: string }[];
}
interface SignedHeader {
  readonly signed_header: { readonly header: HeaderJson; readonly commit: CommitJson };
}
interface EvidenceJson {
  readonly type: string;
  readonly value: { readonly vote_a: { readonly validator_address: string } };
}

export async function heightOf(rpc: string): Promise<number> {
  const status = await call<{ sync_info: { latest_block_height: string } }>(rpc, "status");
  return Number(status.sync_info.latest_block_height);
}

/** Block id and state root of a height, upper-case hex. */
/** The first block that a node still has. */
export async function earliestOf(rpc: string): Promise<number> {
  const status = await call<{ sync_info: { earliest_block_height: string } }>(rpc, "status");
  return Number(status.sync_info.earliest_block_height);
}

export async function rootsAt(rpc: string, height: number): Promise<{ blockId: string; stateRoot: string }> {
  const { signed_header: signed } = await call<SignedHeader>(rpc, "commit", { height: String(height) });
  return { blockId: signed.commit.block_id.hash, stateRoot: signed.header.app_hash };
}

/** Consensus addresses (upper-case hex) of the members of the set that signed a height's commit, and of those that did not. */
export async function signersAt(rpc: string, height: number): Promise<{ signed: string[]; absent: string[] }> {
  const { signed_header: signedHeader } = await call<SignedHeader>(rpc, "commit", { height: String(height) });
  const { signatures } = signedHeader.commit;
  const withFlag = (flag: number) =>
    signatures.filter((one) => one.block_id_flag === flag).map((one) => one.validator_address);
  return { signed: withFlag(2), absent: withFlag(1) };
}

/** Consensus addresses that the evidence in a block is about. */
export async function evidenceAt(rpc: string, height: number): Promise<string[]> {
  const { block } = await call<{ block: { evidence: { evidence: EvidenceJson[] } } }>(rpc, "block", {
    height: String(height),
  });
  return block.evidence.evidence.map(({ value }) => value.vote_a.validator_address);
}

export interface ChainEvent {
  readonly height: number;
  readonly type: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** What the begin and end of a block reported. */
export async function blockEvents(rpc: string, height: number): Promise<ChainEvent[]> {
  const results = await call<{
    finalize_block_events: { type: string; attributes: { key: string; value: string }[] }[] | null;
  }>(rpc, "block_results", { height: String(height) });
  return (results.finalize_block_events ?? []).map(({ type, attributes }) => ({
    height,
    type,
    attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, value])),
  }));
}

/** The modules' queries, as CosmJS asks them. */
export async function chainQueries(rpc: string) {
  const comet = await Comet38Client.connect(rpc);
  const client = QueryClient.withExtensions(comet, setupBankExtension, setupStakingExtension, setupSlashingExtension);
  return {
    validator: async (operator: string) => (await client.staking.validator(operator)).validator,
    signingInfos: async () => (await client.slashing.signingInfos()).info,
    supply: async (denom: string) => BigInt((await client.bank.supplyOf(denom)).amount),
    /** What a validator and its delegators have earned and not been paid, in 10^-18 base units, after a past block. */
    earnedAt: async (validatorAddress: string, height: number) => {
      const path = "/cosmos.distribution.v1beta1.Query/ValidatorOutstandingRewards";
      const request = QueryValidatorOutstandingRewardsRequest.encode({ validatorAddress }).finish();
      const { value } = await client.queryAbci(path, request, height);
      const [coin] = QueryValidatorOutstandingRewardsResponse.decode(value).rewards.rewards;
      return BigInt(coin?.amount ?? "0");
    },
  };
}
