import { ByteListType, ContainerType, type ValueOf } from "@chainsafe/ssz";
import { Uint64 } from "../../chain/types/primitives.ts";
import { bytesKey, collection, item } from "../../state/collections.ts";

/** `publicKey` is empty until the account's first transaction. */
export const AccountRecord = new ContainerType(
  { publicKey: new ByteListType(33), accountNumber: Uint64, sequence: Uint64 },
  { typeName: "Account" },
);
export type AccountRecord = ValueOf<typeof AccountRecord>;

export const accountKey = bytesKey(20);
export const accounts = collection("auth", 0, accountKey, AccountRecord);
export const nextAccountNumber = item("auth", 1, Uint64);
