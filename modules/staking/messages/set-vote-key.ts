import { equalBytes, toHex } from "../../../chain/bytes.ts";
import { sdkError } from "../../../chain/errors.ts";
import { GAS } from "../../../chain/gas.ts";
import { type MessageType, messageType } from "../../../chain/module.ts";
import { MsgSetVoteKey, MsgSetVoteKeyResponse } from "../../../proto/staking.ts";
import { operatorText, parseOperator } from "../../addresses.ts";
import { requireValidator } from "../delegations.ts";
import { stakingError } from "../errors.ts";
import { possessionFault } from "../possession.ts";
import { voteKeys } from "../store.ts";
import { holderOf, registerIdentity, saveValidator } from "../validators.ts";

function checkLength(bytes: Uint8Array, length: number, what: string): void {
  if (bytes.length !== length) throw sdkError("invalidRequest", `${what} has ${length} bytes, not ${bytes.length}`);
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
    if (holder === undefined) registerIdentity(ctx.store, identityKey, operator);
    voteKeys.set(ctx.store, voteKey, operator);
    saveValidator(ctx.store, operator, { ...validator, voteKey });
    ctx.emit("set_vote_key", ["validator", operatorText(spec, operator)], ["vote_key", toHex(voteKey)]);
    return {};
  },
};

export const setVoteKeyMessage = messageType(setVoteKey);
