import { toHex } from "../../chain/bytes.ts";
import type { Params } from "../../chain/params.ts";
import { inferenceParams } from "./params.ts";

const MILLION = 1_000_000n;

/** What a run of a model of so many bytes costs the validators, in units. */
export function costUnits(modelBytes: number, params: Params): number {
  return 1 + Math.floor(modelBytes / Number(inferenceParams.read(params).costBytesPerUnit));
}

/**
 * Charged with a request and never returned.
 * @param price of a cost unit of the model's tier: `unitPrice`.
 */
export function baseFee(units: number, price: bigint): bigint {
  return BigInt(units) * price;
}

/** Who attested the final output, and which proposers included that. */
export interface Attester {
  readonly operator: Uint8Array;
  readonly power: bigint;
  /** Asked only when there was no quorum among those drawn. */
  readonly late: boolean;
  /** Operators of the proposers of the blocks with its commitment and its reveal. */
  readonly commitProposer: Uint8Array;
  readonly revealProposer: Uint8Array;
}

export interface FeeSplit {
  /** For the community pool. */
  readonly community: bigint;
  readonly royalty: bigint;
  readonly attesters: bigint;
  readonly proposers: bigint;
  /** What absent members and rounding leave. */
  readonly burnt: bigint;
  /** By operator, attesters and proposers together, in order of first appearance. */
  readonly payouts: readonly { readonly operator: Uint8Array; readonly amount: bigint }[];
}

/** The owner's part of what those who ran the model and the owner share: of what is above the floor. */
function royaltyOf(shared: bigint, royaltyPpm: bigint, units: number, params: Params): bigint {
  const floor = inferenceParams.read(params).attesterFloor * BigInt(units);
  return shared > floor ? ((shared - floor) * royaltyPpm) / MILLION : 0n;
}

/**
 * Shares out a run's fee. Every attester gets its part of the whole committee's stake, so that what a missing member
 * would have got burns and leaving it out gains nobody anything. Half of an attester's inclusion share goes to the
 * proposer of its commitment, half to that of its reveal. Who was asked late has seen outputs, and gets `widenedShare` of its part.
 * `community + royalty + attesters + proposers + burnt` is `fee`, exactly.
 */
export function splitFee(
  fee: bigint,
  royaltyPpm: bigint,
  units: number,
  committeePower: bigint,
  attesters: readonly Attester[],
  params: Params,
): FeeSplit {
  const { communityShare, proposerShare, widenedShare } = inferenceParams.read(params);
  const community = (fee * communityShare) / MILLION;
  const proposerPool = (fee * proposerShare) / MILLION;
  const rest = fee - community - proposerPool;
  const royalty = royaltyOf(rest, royaltyPpm, units, params);
  const attesterPool = rest - royalty;
  const payouts = new Map<string, { operator: Uint8Array; amount: bigint }>();
  const pay = (operator: Uint8Array, amount: bigint): bigint => {
    if (amount === 0n) return 0n;
    const id = toHex(operator);
    payouts.set(id, { operator, amount: (payouts.get(id)?.amount ?? 0n) + amount });
    return amount;
  };
  let toAttesters = 0n;
  let toProposers = 0n;
  for (const { operator, power, late, commitProposer, revealProposer } of attesters) {
    const share = (attesterPool * power) / committeePower;
    toAttesters += pay(operator, late ? (share * widenedShare) / MILLION : share);
    const half = (proposerPool * power) / (committeePower * 2n);
    toProposers += pay(commitProposer, half) + pay(revealProposer, half);
  }
  return {
    community,
    royalty,
    attesters: toAttesters,
    proposers: toProposers,
    burnt: fee - community - royalty - toAttesters - toProposers,
    payouts: [...payouts.values()],
  };
}

/** Shares out the fee of an inline run. `community + royalty + stakers` is `fee`, exactly. */
export function splitInlineFee(
  fee: bigint,
  royaltyPpm: bigint,
  units: number,
  params: Params,
): { readonly community: bigint; readonly royalty: bigint; readonly stakers: bigint } {
  const { communityShare } = inferenceParams.read(params);
  const community = (fee * communityShare) / MILLION;
  const rest = fee - community;
  const royalty = royaltyOf(rest, royaltyPpm, units, params);
  return { community, royalty, stakers: rest - royalty };
}
