import { ByteVectorType, UintBigintType, UintNumberType } from "@chainsafe/ssz";

/** Heights, times in milliseconds, counts: exact in a double, because nothing here reaches 2^53. */
export const Uint64 = new UintNumberType(8);
export const Uint32 = new UintNumberType(4);
export const Uint8 = new UintNumberType(1);
/** Voting power. */
export const UintBn64 = new UintBigintType(8);
/** Amounts of coins, in base units. */
export const UintBn128 = new UintBigintType(16);
/** An account or consensus address. */
export const Bytes20 = new ByteVectorType(20);
export const Bytes32 = new ByteVectorType(32);
/** A compressed BLS12-381 G1 point: a vote key. */
export const Bytes48 = new ByteVectorType(48);
/** A compressed BLS12-381 G2 point: a vote signature. */
export const Bytes96 = new ByteVectorType(96);

export const ZERO_32: Uint8Array = new Uint8Array(32);
export const ZERO_96: Uint8Array = new Uint8Array(96);
