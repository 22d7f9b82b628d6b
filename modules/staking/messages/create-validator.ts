import { PubKey } from "cosmjs-types/cosmos/crypto/ed25519/keys";
import { MsgCreateValidator, MsgCreateValidatorResponse } from "cosmjs-types/cosmos/staking/v1beta1/tx";
import type { Any } from "cosmjs-types/google/protobuf/any";
import { equalBytes } from "../../../chain/bytes.ts";
import { sdkError } from "../../../chain/errors.ts";
import { type ChainSpec, type MessageType, messageType } from "../../../chain/module.ts";
import { strictReader } from "../../../chain/strict-reader.ts";
import { operatorText, parseAccount, parseOperator } from "../../addresses.ts";
import { checkCommission, checkMinimumRate, parseRate } from "../commission.ts";
import { delegate } from "../delegations.ts";
import { checkDescription, descriptionRecord } from "../description.ts";
import { stakingError } from "../errors.ts";
import { positiveInteger, stakeAmount } from "../messages.ts";
import { BOND, validators } from "../store.ts";
import { holderOf, saveValidator } from "../validators.ts";

const ED25519_TYPE_URL = "/cosmos.crypto.ed25519.PubKey";

function identityKeyOf(any: Any | undefined): Uint8Array {
  if (any === undefined) throw sdkError("invalidPubKey", "the message names no identity key");
  if (any.typeUrl !== ED25519_TYPE_URL)
    throw stakingError("keyType", `got ${any.typeUrl.slice(0, 100)}, expected ${ED25519_TYPE_URL}`);
  let key: Uint8Array;
  try {
    key = PubKey.decode(strictReader(any.value)).key;
  } catch (error) {
    throw sdkError("invalidPubKey", `undecodable: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (key.length !== 32) throw sdkError("invalidPubKey", `an ed25519 key has 32 bytes, not ${key.length}`);
  return key;
}

function commissionOf(message: MsgCreateValidator) {
  const { rate, maxRate, maxChangeRate } = message.commission;
  return { rate: parseRate(rate), maxRate: parseRate(maxRate), maxChangeRate: parseRate(maxChangeRate) };
}

function checkDelegator(message: MsgCreateValidator, spec: ChainSpec): void {
  if (message.delegatorAddress === "") return;
  const delegator = parseAccount(spec, message.delegatorAddress, "delegator");
  if (!equalBytes(delegator, parseOperator(spec, message.validatorAddress))) {
    throw sdkError("invalidAddress", "the delegator is not the validator's operator");
  }
}

/**
 * Creates a validator with the operator's first delegation. It can't be bonded before MsgSetVoteKey gives it a vote key.
 *
 * The identity key is only claimed here, since anybody can name anybody's: refused is one that a validator has proven to hold, now or in the
 * past (code 5, as in the Cosmos SDK). Claims of one key may stand beside each other, and the first operator whose MsgSetVoteKey carries the
 * key's signature has it for ever. So nobody who sees a key in a waiting transaction can keep its owner out by being first; a claim
 * that is not the owner's stays a validator that is never bonded.
 */
const createValidator: MessageType<MsgCreateValidator, MsgCreateValidatorResponse> = {
  typeUrl: MsgCreateValidator.typeUrl,
  responseTypeUrl: MsgCreateValidatorResponse.typeUrl,
  decode: (reader) => MsgCreateValidator.decode(reader),
  encodeResponse: (response) => MsgCreateValidatorResponse.encode(response).finish(),
  signers: (message, spec) => [parseOperator(spec, message.validatorAddress)],
  validate(message, spec) {
    checkDelegator(message, spec);
    identityKeyOf(message.pubkey);
    checkDescription(message.description);
    checkCommission(commissionOf(message));
    const amount = stakeAmount(message.value, spec);
    if (amount < positiveInteger(message.minSelfDelegation, "minimum self delegation")) {
      throw stakingError("selfDelegationBelowMinimum", `${amount} of ${message.minSelfDelegation}`);
    }
  },
  execute(ctx, message) {
    const { spec, params, time } = ctx.block;
    const operator = parseOperator(spec, message.validatorAddress);
    const identityKey = identityKeyOf(message.pubkey);
    const commission = commissionOf(message);
    checkMinimumRate(params, commission.rate);
    if (validators.has(ctx.store, operator)) throw stakingError("operatorExists", message.validatorAddress);
    if (holderOf(ctx.store, identityKey) !== undefined) {
      throw stakingError("identityExists", Buffer.from(identityKey).toString("base64"));
    }
    const amount = stakeAmount(message.value, spec);
    saveValidator(ctx.store, operator, {
      identityKey,
      voteKey: new Uint8Array(0),
      status: BOND.unbonded,
      jailed: false,
      tombstoned: false,
      tokens: 0n,
      shares: 0n,
      description: descriptionRecord(message.description),
      commission: { ...commission, updateTime: time },
      minSelfDelegation: positiveInteger(message.minSelfDelegation, "minimum self delegation"),
      unbondingHeight: 0,
      unbondingTime: 0,
    });
    ctx.emit("create_validator", ["validator", operatorText(spec, operator)], ["amount", `${amount}${spec.denom}`]);
    delegate(ctx, operator, operator, amount);
    return {};
  },
};

export const createValidatorMessage = messageType(createValidator);
