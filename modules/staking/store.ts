import {
  BooleanType,
  ByteListType,
  ContainerType,
  ListCompositeType,
  UintBigintType,
  type ValueOf,
} from "@chainsafe/ssz";
import { portable } from "../../chain/types/portable.ts";
import { Bytes20, Bytes32, Bytes48, Uint8, Uint64, UintBn64, UintBn128 } from "../../chain/types/primitives.ts";
import { bytesKey, collection, heightKey, item, type KeyCodec, pairKey } from "../../state/collections.ts";

/** The numbers of cosmos.staking.v1beta1.BondStatus. */
export const BOND = { unbonded: 1, unbonding: 2, bonded: 3 } as const;

/** A delegator's or validator's shares: 18-digit decimals, scaled to an integer. */
const Shares = new UintBigintType(32);
/** A set, as a map to nothing. */
const Present = new BooleanType();

/** Most bytes of each field, as in the Cosmos SDK. */
export const DESCRIPTION_LIMITS = { moniker: 70, identity: 3000, website: 140, securityContact: 140, details: 280 };
const Description = new ContainerType(
  {
    moniker: portable(() => new ByteListType(DESCRIPTION_LIMITS.moniker)),
    identity: portable(() => new ByteListType(DESCRIPTION_LIMITS.identity)),
    website: portable(() => new ByteListType(DESCRIPTION_LIMITS.website)),
    securityContact: portable(() => new ByteListType(DESCRIPTION_LIMITS.securityContact)),
    details: portable(() => new ByteListType(DESCRIPTION_LIMITS.details)),
  },
  { typeName: "Description" },
);
export type DescriptionRecord = ValueOf<typeof Description>;

/** Rates are 18-digit decimals, scaled; `updateTime` is milliseconds. */
const Commission = new ContainerType(
  { rate: UintBn64, maxRate: UintBn64, maxChangeRate: UintBn64, updateTime: Uint64 },
  { typeName: "Commission" },
);
export type CommissionRecord = ValueOf<typeof Commission>;

/**
 * A validator. `voteKey` is empty until MsgSetVoteKey. `tokens` belong to the delegators in proportion to their part of
 * `shares`; slashing lowers the first and not the second. `unbondingTime` is when an unbonding validator is unbonded.
 */
export const ValidatorRecord = new ContainerType(
  {
    identityKey: Bytes32,
    voteKey: portable(() => new ByteListType(48)),
    status: Uint8,
    jailed: Present,
    tombstoned: Present,
    tokens: UintBn128,
    shares: Shares,
    description: Description,
    commission: Commission,
    minSelfDelegation: UintBn128,
    unbondingHeight: Uint64,
    unbondingTime: Uint64,
  },
  { typeName: "ValidatorRecord" },
);
export type ValidatorRecord = ValueOf<typeof ValidatorRecord>;

/** Stake on its way out. `initialBalance` is what slashing is computed on, `balance` what is left of it. */
export const UnbondingEntry = new ContainerType(
  { creationHeight: Uint64, completionTime: Uint64, initialBalance: UintBn128, balance: UintBn128 },
  { typeName: "UnbondingEntry" },
);
export type UnbondingEntry = ValueOf<typeof UnbondingEntry>;
/** Above the largest value of the parameter maxEntries. */
export const MAX_UNBONDING_ENTRIES = 64;
const UnbondingEntries = portable(() => new ListCompositeType(UnbondingEntry, MAX_UNBONDING_ENTRIES));

/**
 * Stake that moved to another validator and still answers for the one it left. `initialBalance` is what slashing is computed on,
 * `balance` what of it has not been burnt, `sharesDst` what it bought there.
 */
export const RedelegationEntry = new ContainerType(
  {
    creationHeight: Uint64,
    completionTime: Uint64,
    initialBalance: UintBn128,
    balance: UintBn128,
    sharesDst: Shares,
  },
  { typeName: "RedelegationEntry" },
);
export type RedelegationEntry = ValueOf<typeof RedelegationEntry>;
const RedelegationEntries = portable(() => new ListCompositeType(RedelegationEntry, MAX_UNBONDING_ENTRIES));

/** Greatest power first. */
const descendingPowerKey: KeyCodec<bigint> = {
  length: 8,
  encode(power) {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, 0xffff_ffff_ffff_ffffn - power);
    return bytes;
  },
  decode: (bytes) => 0xffff_ffff_ffff_ffffn - new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0),
};

const address = bytesKey(20);
export const operatorKey = address;
/** Two addresses; which is first says the collection. */
export const addressPairKey = pairKey(address, address);
/** Three addresses; in which order says the collection. */
export const addressTripleKey = pairKey(address, addressPairKey);
export const redelegationHeightKey = pairKey(address, pairKey(heightKey, addressPairKey));

export const validators = collection("staking", 0, operatorKey, ValidatorRecord);
/** Shares by delegator, validator. */
export const delegations = collection("staking", 1, addressPairKey, Shares);
/** The same by validator, delegator. */
export const delegators = collection("staking", 2, addressPairKey, Present);
/** By delegator, validator; oldest entry first. */
export const unbondings = collection("staking", 3, addressPairKey, UnbondingEntries);
/** The same by validator, delegator. */
export const unbondingDelegators = collection("staking", 4, addressPairKey, Present);
/** By time of completion, delegator, validator. */
export const unbondingQueue = collection("staking", 5, pairKey(heightKey, addressPairKey), Present);
/** Unbonding validators by the time they are unbonded. */
export const validatorQueue = collection("staking", 6, pairKey(heightKey, address), Present);
/**
 * Whoever may be bonded: not jailed, with a vote key and at least one unit of power. In the order of a validator set, and
 * with all else a set needs, so that a block that changes nothing reads no validator.
 */
export const candidates = collection(
  "staking",
  7,
  pairKey(descendingPowerKey, address),
  new ContainerType({ identityKey: Bytes32, voteKey: Bytes48 }, { typeName: "Candidate" }),
);
/** Who uses or used a vote key. Never deleted. */
export const voteKeys = collection("staking", 8, bytesKey(48), Bytes20);
/** The operator that has proven to hold the identity key of a consensus address. Never deleted. */
export const identities = collection("staking", 9, address, Bytes20);
/** Tokens of all bonded validators. */
export const bondedTotal = item("staking", 10, UintBn128);
/** The height in whose end a bonded validator was bonded: it votes from the next height on. */
export const bondHeights = collection("staking", 11, address, Uint64);
/** Each unbonding entry by validator, creation height, delegator: what a slash looks for. */
export const unbondingsByHeight = collection("staking", 12, pairKey(address, pairKey(heightKey, address)), Present);
/** By delegator, source, destination. */
export const redelegations = collection("staking", 13, addressTripleKey, RedelegationEntries);
/** The same by delegator, destination, source: whether somebody's stake is just arriving. */
export const redelegationsByDestination = collection("staking", 14, addressTripleKey, Present);
/** Each entry by source, creation height, delegator, destination: what a slash looks for. */
export const redelegationsByHeight = collection("staking", 15, redelegationHeightKey, Present);
/** By time of completion, delegator, source, destination. */
export const redelegationQueue = collection("staking", 16, pairKey(heightKey, addressTripleKey), Present);
/** When a validator last replaced its vote key by another, in milliseconds. */
export const voteKeyRotations = collection("staking", 17, address, Uint64);
