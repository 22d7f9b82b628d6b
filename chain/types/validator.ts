import { ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { MAX_VALIDATORS } from "./limits.ts";
import { portable } from "./portable.ts";
import { Bytes20, Bytes32, Bytes48, UintBn64 } from "./primitives.ts";

/**
 * A member of a validator set. `operator` is the account behind the validator; `identityKey` is its ed25519 key, whose
 * SHA-256[:20] is the consensus address Cosmos clients see; `voteKey` signs votes and attestations.
 */
export const Validator = new ContainerType(
  { operator: Bytes20, identityKey: Bytes32, voteKey: Bytes48, power: UintBn64 },
  { typeName: "Validator" },
);
export type Validator = ValueOf<typeof Validator>;

/** Ordered by power, greatest first, then by operator address. An index into it is a `validatorIndex`. */
export const ValidatorSet = portable(() => new ListCompositeType(Validator, MAX_VALIDATORS));
export type ValidatorSet = readonly Validator[];
