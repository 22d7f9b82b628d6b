import { BooleanType, ByteListType, ContainerType, type ValueOf } from "@chainsafe/ssz";
import { portable } from "../../chain/types/portable.ts";
import { Uint64 } from "../../chain/types/primitives.ts";
import { bytesKey, collection, heightKey, pairKey } from "../../state/collections.ts";

/** Most bytes of an allowance in protobuf. What allowance.ts lets through has at most half as many, whatever is left of it. */
export const MAX_ALLOWANCE_BYTES = 16_384;

/** `value` is the protobuf of `typeUrl`. `expiration` is milliseconds since the Unix epoch, 0 for never. */
export const AllowanceRecord = new ContainerType(
  {
    typeUrl: portable(() => new ByteListType(128)),
    value: portable(() => new ByteListType(MAX_ALLOWANCE_BYTES)),
    expiration: Uint64,
  },
  { typeName: "Allowance" },
);
export type AllowanceRecord = ValueOf<typeof AllowanceRecord>;

const address = bytesKey(20);
/** Grantee and granter, or the other way round. */
export const pairOfAddresses = pairKey(address, address);
/** By grantee and granter. */
export const allowances = collection("feegrant", 0, pairOfAddresses, AllowanceRecord);
/** Granter and grantee of each. */
export const allowancesByGranter = collection("feegrant", 1, pairOfAddresses, new BooleanType());
/** Expiration, grantee and granter of those that expire. */
export const allowanceQueue = collection("feegrant", 2, pairKey(heightKey, pairOfAddresses), new BooleanType());
