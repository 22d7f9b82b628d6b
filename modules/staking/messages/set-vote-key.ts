import { equalBytes, toHex } from "../../../chain/bytes.ts";
import { sdkError } from "../../../chain/errors.ts";
import { GAS } from "../../../chain/gas.ts";
import { type Context, type MessageType, messageType } from "../../../chain/module.ts";
import { MsgSetVoteKey, MsgSetVoteKeyResponse } from "../../../proto/staking.ts";
import { operatorText, parseOperator } from "../../addresses.ts";
import { formatTime } from "../../timestamps.ts";
import { requireValidator } from "../delegations.ts";
import { stakingError } from "../errors.ts";
import { stakingParams } from "../params.ts";
import { possessionFault } from "../possession.ts";
import { voteKeyRotations, voteKeys } from "../store.ts";
import { holderOf, registerIdentity, saveValidator } from "../validators.ts";

function checkLength(bytes: Uint8Array, length: number, what: string): void {
  if (bytes.length !== length) throw sdkError("invalidRequest", `${what} has ${length} bytes, not ${bytes.length}`);
}

/**
 * A key can be replaced once in an unbonding time: each stays answerable for that long, and taken for ever. Whoever gave a wrong one first
 * can put it right at once.
 * @throws TxError staking 102
 */
function noteRotation(ctx: Context, operator: Uint8Array): void {
  const last = voteKeyRotations.get(ctx.store, operator);
  const { time, params } = ctx.block;
  const next = (last ?? 0) + Number(stakingParams.read(params).unbondingTime);
  if (last !== undefined && time < next) throw stakingError("rotatedRecently", `possible again at ${formatTime(next)}`);
  voteKeyRotations.set(ctx.store, operator, time);
}

/**
 * Gives a validator its BLS key, or another one. A key is used once and for ever by one validator: an old one stays
 * answerable for what it signed. The identity key's signature, which names the operator, also makes that key the validator's for ever,
 * whoever else has named it in a MsgCreateValidator.
 */
const setVoteKey: MessageType<MsgSetVoteKey, MsgSetVoteKeyResponse> = {
  typeUrl: MsgSetVoteKey.typeUrl,
  responseTypeUrl: MsgSetVoteKeyResponse.typeUrl,
  decode: (reader) => MsgSetVoteKey.decode(reader),
  encodeResponse: (response) => MsgSetVoteKeyResponse.encode(response).finish(),
  signers: (message, spec) => [parseOperator(spec, message.validatorAddress)],
  validate(message) {
    checkLength(message.voteKey, 48, "a vote key");
    checkLength(message.proofOfPossession, 96, "a proof of possession");
    checkLength(message.identitySignature, 64, "an identity signature");
  },
  execute(ctx, message) {
    const { spec } = ctx.block;
    const operator = parseOperator(spec, message.validatorAddress);
    const validator = requireValidator(ctx, operator);
    const { voteKey } = message;
    const { identityKey } = validator;
    const holder = holderOf(ctx.store, identityKey);
    if (holder !== undefined && !equalBytes(holder, operator)) {
      throw stakingError("identityExists", Buffer.from(identityKey).toString("base64"));
    }
    if (voteKeys.has(ctx.store, voteKey)) throw stakingError("voteKeyUsed", toHex(voteKey));
    ctx.gas.consume(GAS.verifyBls, "proof of possession");
    const data = { operator, identityKey, voteKey };
    const fault = possessionFault(ctx.bls, data, message, spec.genesisRoot);
    if (fault !== undefined) throw stakingError("possession", fault);
    if (validator.voteKey.length > 0) noteRotation(ctx, operator);
    if (holder === undefined) registerIdentity(ctx.store, identityKey, operator);
    voteKeys.set(ctx.store, voteKey, operator);
    saveValidator(ctx.store, operator, { ...validator, voteKey });
    ctx.emit("set_vote_key", ["validator", operatorText(spec, operator)], ["vote_key", toHex(voteKey)]);
    return {};
  },
};

export const setVoteKeyMessage = messageType(setVoteKey);
