import { UintBn64 } from "../../chain/types/primitives.ts";
import { item } from "../../state/collections.ts";

/** For a million gas, of the next block's transactions. Absent while it is the least one. */
export const storedBaseFee = item("feemarket", 0, UintBn64);
