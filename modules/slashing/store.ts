import { BitListType, BooleanType, ContainerType, type ValueOf } from "@chainsafe/ssz";
import { MAX_VALIDATORS } from "../../chain/types/limits.ts";
import { Bytes32, Uint32, Uint64, UintBn64, UintBn128 } from "../../chain/types/primitives.ts";
import { bytesKey, collection, heightKey, pairKey } from "../../state/collections.ts";

/**
 * A validator's record of precommits, by operator. Heights from `startHeight` on are counted, the height `h` in bit
 * `(h - startHeight) mod window`. `bondHeight` says for which stay in the set this is. `jailedUntil` is milliseconds,
 * zero for never jailed.
 */
export const SigningInfo = new ContainerType(
  { bondHeight: Uint64, startHeight: Uint64, window: Uint64, missed: Uint64, jailedUntil: Uint64 },
  { typeName: "SigningInfo" },
);
export type SigningInfo = ValueOf<typeof SigningInfo>;

export const signingInfoKey = bytesKey(20);
export const signingInfos = collection("slashing", 0, signingInfoKey, SigningInfo);
/** 256 blocks of the window: bit i mod 256 of chunk i div 256, by operator and chunk. An absent chunk is all signed. */
export const missedChunks = collection("slashing", 1, pairKey(bytesKey(20), heightKey), Bytes32);

const Bits = new BitListType(MAX_VALIDATORS);

/** What is asked for: a polka of `blockId` in one of the rounds. A zero `lockBlockId` means that it is of no lock. */
export const Demand = new ContainerType(
  { height: Uint64, blockId: Bytes32, fromRound: Uint32, toRound: Uint32, lockRound: Uint32, lockBlockId: Bytes32 },
  { typeName: "Demand" },
);
export type Demand = ValueOf<typeof Demand>;

/**
 * A challenge, open or answered: it stays until evidence of its height has expired, so that nobody has to answer twice.
 * Bits count in the set of the height. `accused` are all that were ever challenged, `lockSigners` those that are proven
 * to have precommitted `lockBlockId`.
 */
export const DemandRecord = new ContainerType(
  { demand: Demand, accused: Bits, lockSigners: Bits, answered: new BooleanType() },
  { typeName: "DemandRecord" },
);
export type DemandRecord = ValueOf<typeof DemandRecord>;

/** By height of the votes and root of the Demand. */
export const demandKey = pairKey(heightKey, bytesKey(32));
export const demands = collection("slashing", 2, demandKey, DemandRecord);
/** Who was challenged when, by the last block that takes the answer. */
export const deadlines = collection("slashing", 3, pairKey(heightKey, demandKey), Bits);

/** Kinds of faults that are counted together, as they stand in keys. */
export const FAULT = { safety: 0, downtime: 1 } as const;

/** A punished fault that is yet to pay for those around it: the infraction's height and power, and all power when it was punished. */
export const Fault = new ContainerType({ height: Uint64, power: UintBn64, total: UintBn64 }, { typeName: "Fault" });
export type Fault = ValueOf<typeof Fault>;
const faultKind = bytesKey(1);
/** By the height at which it was punished, kind and operator. */
export const faults = collection("slashing", 4, pairKey(heightKey, pairKey(faultKind, bytesKey(20))), Fault);
/** Power of all faults of a kind up to a height at which there was one: the difference of two is that of a window. */
export const faultTotals = collection("slashing", 5, pairKey(faultKind, heightKey), UintBn128);

/**
 * What a barred validator has paid for: the greatest power it has answered for and with which fraction, what itself has lost of it, and the
 * height since which what left it has paid. `faultHeight` is where its entry among the faults is, if that is not settled yet.
 */
export const Bar = new ContainerType(
  { power: UintBn64, fractionPpm: UintBn64, own: UintBn128, height: Uint64, faultHeight: Uint64 },
  { typeName: "Bar" },
);
export type Bar = ValueOf<typeof Bar>;
/** By operator. */
export const bars = collection("slashing", 6, bytesKey(20), Bar);
