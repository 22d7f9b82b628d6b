import { toHex } from "../../../chain/bytes.ts";
import { consensusAddress } from "../../../chain/crypto/hash.ts";
import type { Rotation } from "../../../chain/proposer-rotation.ts";
import type { Validator } from "../../../chain/types/validator.ts";
import { base64, int64, upperHex } from "../encoding.ts";

/** Clients accept ed25519 and secp256k1 only, which is why a validator has an identity key beside its vote key. */
export function renderPubKey(identityKey: Uint8Array) {
  return { type: "tendermint/PubKeyEd25519", value: base64(identityKey) };
}

export function validatorAddress(validator: Validator): string {
  return upperHex(consensusAddress(validator.identityKey));
}

/** The member at `index` of a set. */
export function renderValidator(rotation: Rotation, validator: Validator, index: number) {
  return {
    address: validatorAddress(validator),
    pub_key: renderPubKey(validator.identityKey),
    voting_power: int64(validator.power),
    proposer_priority: int64(rotation.priorities[index] ?? 0n),
  };
}

/** A member as a genesis document lists it. */
export function renderGenesisValidator(validator: Validator) {
  return {
    address: validatorAddress(validator),
    pub_key: renderPubKey(validator.identityKey),
    power: int64(validator.power),
    name: "",
  };
}

function renderUpdate(identityKey: Uint8Array, power: bigint) {
  return {
    pub_key: { Sum: { type: "tendermint.crypto.PublicKey_Ed25519", value: { ed25519: base64(identityKey) } } },
    power: int64(power),
  };
}

/**
 * What changed from one set to the next, as ABCI reports it: new and changed members with their power, those that left
 * with power 0.
 */
export function renderValidatorUpdates(before: readonly Validator[], after: readonly Validator[]) {
  const old = new Map(before.map((validator) => [toHex(validator.identityKey), validator]));
  const updates: ReturnType<typeof renderUpdate>[] = [];
  for (const { identityKey, power } of after) {
    const id = toHex(identityKey);
    if (old.get(id)?.power !== power) updates.push(renderUpdate(identityKey, power));
    old.delete(id);
  }
  for (const { identityKey } of old.values()) updates.push(renderUpdate(identityKey, 0n));
  return updates;
}
