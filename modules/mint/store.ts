import { ContainerType, UintBigintType, type ValueOf } from "@chainsafe/ssz";
import { Uint64, UintBn64 } from "../../chain/types/primitives.ts";
import { item } from "../../state/collections.ts";

/**
 * What minting goes on from. `inflation` is an 18-digit decimal, scaled; `lastTime` the time of the last block that minted, in
 * milliseconds; `remainder` what that block owed and could not make, in coins / REMAINDER_UNIT (curve.ts).
 */
export const Minter = new ContainerType(
  { inflation: UintBn64, lastTime: Uint64, remainder: new UintBigintType(32) },
  { typeName: "Minter" },
);
export type Minter = ValueOf<typeof Minter>;

/** Absent as long as nothing has been made. */
export const minter = item("mint", 0, Minter);
