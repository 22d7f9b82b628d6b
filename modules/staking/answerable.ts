import { concatBytes, toHex } from "../../chain/bytes.ts";
import type { BlockInfo } from "../../chain/module.ts";
import { heightKey } from "../../state/collections.ts";
import type { StateReader } from "../../state/store.ts";
import { stakingParams } from "./params.ts";
import { unbondings, unbondingsByHeight, validators } from "./store.ts";
import { POWER_REDUCTION } from "./validators.ts";

/** Unbonding entries that are counted for one validator; more are left out, so that the figure is too low and never too high. */
const MAX_ENTRIES = 10_000;

/** When votes were cast and when they are punished. Times in milliseconds. */
export interface Punishment {
  readonly infractionHeight: number;
  /** Voting power then. */
  readonly power: bigint;
  /** Of the state that is asked. */
  readonly now: number;
  /** Not before `now`. */
  readonly punishedTime: number;
}

/**
 * Stake that can still be slashed for a vote: what the validator has, if it all begins to unbond now, and what has left it since the vote,
 * as far as neither is paid out when it is punished. Moved stake is left out, since it is counted where it is.
 * PERF: reads the unbonding entries since the vote, MAX_ENTRIES at most.
 * @returns base units, at most the stake at the vote.
 */
export function answerableStake(
  reader: StateReader,
  params: BlockInfo["params"],
  operator: Uint8Array,
  { infractionHeight, power, now, punishedTime }: Punishment,
): bigint {
  const paidOut = now + Number(stakingParams.read(params).unbondingTime);
  let stake = punishedTime < paidOut ? (validators.get(reader, operator)?.tokens ?? 0n) : 0n;
  const from = concatBytes(operator, heightKey.encode(infractionHeight));
  const left = unbondingsByHeight.entries(reader, { within: operator, from, limit: MAX_ENTRIES });
  const delegators = new Map(left.map(([[, [, delegator]]]) => [toHex(delegator), delegator]));
  for (const delegator of delegators.values()) {
    for (const entry of unbondings.get(reader, [delegator, operator]) ?? []) {
      if (entry.creationHeight >= infractionHeight && entry.completionTime > punishedTime) stake += entry.balance;
    }
  }
  const atVote = power * POWER_REDUCTION;
  return stake < atVote ? stake : atVote;
}
