import { BooleanType, ByteListType, ContainerType, type ValueOf } from "@chainsafe/ssz";
import { portable } from "../../chain/types/portable.ts";
import { Uint8, UintBn128 } from "../../chain/types/primitives.ts";
import { bytesKey, collection, pairKey, textKey } from "../../state/collections.ts";

/** Address, then denomination: an account's coins are neighbours, sorted by denomination. */
export const balanceKey = pairKey(bytesKey(20), textKey);
/** There are no zero balances: an entry that would be zero is deleted. */
export const balances = collection("bank", 0, balanceKey, UintBn128);
export const supplies = collection("bank", 1, textKey, UintBn128);

/** Most bytes of a description. */
export const MAX_DESCRIPTION = 512;
export const MetadataRecord = new ContainerType(
  {
    display: portable(() => new ByteListType(128)),
    exponent: Uint8,
    name: portable(() => new ByteListType(128)),
    symbol: portable(() => new ByteListType(128)),
    description: portable(() => new ByteListType(MAX_DESCRIPTION)),
  },
  { typeName: "DenomMetadata" },
);
export type MetadataRecord = ValueOf<typeof MetadataRecord>;
/** How denominations are shown, by base denomination. */
export const metadata = collection("bank", 2, textKey, MetadataRecord);
/** Whether users may send a denomination, where it is not as `bank.defaultSendEnabled` says. */
export const sendEnabled = collection("bank", 3, textKey, new BooleanType());
