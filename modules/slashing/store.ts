import { ContainerType, type ValueOf } from "@chainsafe/ssz";
import { Bytes32, Uint64 } from "../../chain/types/primitives.ts";
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
