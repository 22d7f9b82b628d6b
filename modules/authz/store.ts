import { BooleanType, ByteListType, ContainerType, type ValueOf } from "@chainsafe/ssz";
import { portable } from "../../chain/types/portable.ts";
import { Uint64 } from "../../chain/types/primitives.ts";
import { bytesKey, collection, heightKey, pairKey, textKey } from "../../state/collections.ts";

/** Most bytes of an authorisation in protobuf; what authorization.ts lets through has at most half as many, whatever is left of it. */
export const MAX_AUTHORIZATION_BYTES = 32_768;

/** `value` is the protobuf of `typeUrl`. `expiration` is milliseconds since the Unix epoch, 0 for never. */
export const GrantRecord = new ContainerType(
  {
    typeUrl: portable(() => new ByteListType(128)),
    value: portable(() => new ByteListType(MAX_AUTHORIZATION_BYTES)),
    expiration: Uint64,
  },
  { typeName: "Grant" },
);
export type GrantRecord = ValueOf<typeof GrantRecord>;

const address = bytesKey(20);
/** Two addresses and the type URL of the message. */
export const grantKey = pairKey(address, pairKey(address, textKey));
/** By granter, grantee and message. */
export const grants = collection("authz", 0, grantKey, GrantRecord);
/** Grantee, granter and message of each. */
export const grantsByGrantee = collection("authz", 1, grantKey, new BooleanType());
/** Expiration, granter, grantee and message of those that expire. */
export const grantQueue = collection("authz", 2, pairKey(heightKey, grantKey), new BooleanType());
