import { UintBn128 } from "../../chain/types/primitives.ts";
import { bytesKey, collection, pairKey, textKey } from "../../state/collections.ts";

/** Address, then denomination: an account's coins are neighbours, sorted by denomination. */
export const balanceKey = pairKey(bytesKey(20), textKey);
/** There are no zero balances: an entry that would be zero is deleted. */
export const balances = collection("bank", 0, balanceKey, UintBn128);
export const supplies = collection("bank", 1, textKey, UintBn128);
