import { MsgGrant, MsgGrantResponse } from "cosmjs-types/cosmos/authz/v1beta1/tx";
import { equalBytes } from "../../../chain/bytes.ts";
import { sdkError } from "../../../chain/errors.ts";
import { type ChainSpec, type MessageType, messageType } from "../../../chain/module.ts";
import { parseAccount } from "../../addresses.ts";
import { ensureAccount } from "../../auth/keeper.ts";
import { formatTime, timestampMs } from "../../timestamps.ts";
import { authorizedMessage, parseAuthorization } from "../authorization.ts";
import { authzError } from "../errors.ts";
import { emitGrant, type GivenAuthorization, type Grant, saveGrant } from "../keeper.ts";

/** @throws TxError sdk 7, authz 7 */
export function partiesOf(message: { granter: string; grantee: string }, spec: ChainSpec): Omit<Grant, "message"> {
  const granter = parseAccount(spec, message.granter, "granter");
  const grantee = parseAccount(spec, message.grantee, "grantee");
  if (equalBytes(granter, grantee)) throw authzError("granteeIsGranter", message.granter);
  return { granter, grantee };
}

function givenBy({ grant }: MsgGrant, spec: ChainSpec): GivenAuthorization {
  if (grant.authorization === undefined) throw sdkError("invalidRequest", "authorization is missing");
  return {
    authorization: parseAuthorization(grant.authorization, spec),
    expiration: grant.expiration === undefined ? undefined : timestampMs(grant.expiration, "expiration"),
  };
}

/** Lets another account send a kind of message in the signer's name. */
const grantType: MessageType<MsgGrant, MsgGrantResponse> = {
  typeUrl: MsgGrant.typeUrl,
  responseTypeUrl: MsgGrantResponse.typeUrl,
  decode: (reader) => MsgGrant.decode(reader),
  encodeResponse: (response) => MsgGrantResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.granter, "granter")],
  validate(message, spec) {
    partiesOf(message, spec);
    givenBy(message, spec);
  },
  execute(ctx, message) {
    const { spec, time, messages } = ctx.block;
    const parties = partiesOf(message, spec);
    const given = givenBy(message, spec);
    const { expiration } = given;
    if (expiration !== undefined && expiration <= time) {
      throw authzError(
        "invalidExpiration",
        `expiration must be after the current block time (${formatTime(time)}), got ${formatTime(expiration)}`,
      );
    }
    const typeUrl = authorizedMessage(given.authorization);
    if (!messages.has(typeUrl)) throw sdkError("invalidType", `${typeUrl} doesn't exist.`);
    ensureAccount(ctx, parties.grantee);
    saveGrant(ctx, parties, given);
    emitGrant(ctx, "EventGrant", { ...parties, message: typeUrl });
    return {};
  },
};

export const grantMessage = messageType(grantType);
