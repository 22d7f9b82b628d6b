import { ContainerType, UintBigintType, type ValueOf } from "@chainsafe/ssz";
import { Bytes20, Uint64, UintBn64 } from "../../chain/types/primitives.ts";
import { bytesKey, collection, heightKey, pairKey, textKey } from "../../state/collections.ts";
import { Exact } from "./exact.ts";

/**
 * What a validator and its delegators are owed. `outstanding` is all of it: what has accrued on shares, `carry` and
 * `commission`. `cumulative` is what one share has earned since the validator exists, which only grows; `carry` is what was too
 * little for all shares, and goes in with the next reward. `slashes` counts slashes.
 */
export const ValidatorRewards = new ContainerType(
  { cumulative: Exact, carry: Exact, commission: Exact, outstanding: Exact, slashes: Uint64 },
  { typeName: "ValidatorRewards" },
);
export type ValidatorRewards = ValueOf<typeof ValidatorRewards>;

/** From where a delegation's share of rewards counts, and the part of a base unit that it had before. */
export const Claim = new ContainerType({ cumulative: Exact, remainder: new UintBigintType(32) }, { typeName: "Claim" });
export type Claim = ValueOf<typeof Claim>;

/** `fraction` is the part of its stake that the validator lost, with 18 decimals. */
export const SlashRecord = new ContainerType({ height: Uint64, fraction: UintBn64 }, { typeName: "SlashRecord" });

const address = bytesKey(20);
export const slashKey = pairKey(address, heightKey);

/** By operator, for as long as the validator exists. */
export const rewards = collection("distribution", 0, address, ValidatorRewards);
/** By operator, delegator: one for each delegation, no more. */
export const claims = collection("distribution", 1, pairKey(address, address), Claim);
/** Where a delegator's rewards go, if not to itself. */
export const withdrawAddresses = collection("distribution", 2, address, Bytes20);
/** What belongs to the community, by denomination; no zeros. */
export const communityPool = collection("distribution", 3, textKey, Exact);
/** By operator and number, the last `MAX_SLASHES` of each validator. For queries: rewards do not depend on them. */
export const slashes = collection("distribution", 4, slashKey, SlashRecord);
