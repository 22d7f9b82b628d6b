import { MsgExec, MsgExecResponse } from "cosmjs-types/cosmos/authz/v1beta1/tx";
import type { Any } from "cosmjs-types/google/protobuf/any";
import { equalBytes } from "../../../chain/bytes.ts";
import { sdkError } from "../../../chain/errors.ts";
import { parseNested, runNested } from "../../../chain/executor/nested-messages.ts";
import { type MessageContext, type MessageType, messageType, type ParsedMessage } from "../../../chain/module.ts";
import { parseAccount } from "../../addresses.ts";
import { formatTime } from "../../timestamps.ts";
import { accept } from "../accept.ts";
import { authzError } from "../errors.ts";
import { emitGrant, getGrant, removeGrant, saveGrant } from "../keeper.ts";
import { authzParams } from "../params.ts";

/** Nothing is to be gained by one within another, and depth would have to be bounded. */
const BARRED: ReadonlySet<string> = new Set([MsgExec.typeUrl]);

/** Lets the signer's authorisation by the message's own signer pay for it. @throws TxError sdk 4, 5 and 18, authz 2, 6 and 9 */
function authorize(ctx: MessageContext, grantee: Uint8Array, message: Any, { signers }: ParsedMessage): void {
  const [granter] = signers;
  if (granter === undefined || signers.length > 1) throw authzError("signerCount", message.typeUrl);
  if (equalBytes(granter, grantee)) return;
  const grant = { granter, grantee, message: message.typeUrl };
  const given = getGrant(ctx, grant);
  if (given === undefined) throw authzError("noAuthorization", `failed to get grant for ${message.typeUrl}`);
  const { authorization, expiration } = given;
  if (expiration !== undefined && expiration < ctx.block.time) throw authzError("expired", formatTime(expiration));
  const left = accept(authorization, message);
  if (left === authorization) return;
  if (left === undefined) {
    removeGrant(ctx, grant);
    emitGrant(ctx, "EventRevoke", grant);
  } else saveGrant(ctx, grant, { authorization: left, expiration });
}

/** Sends messages of others that have authorised the signer, or the signer's own: all or none. */
const exec: MessageType<MsgExec, MsgExecResponse> = {
  typeUrl: MsgExec.typeUrl,
  responseTypeUrl: MsgExecResponse.typeUrl,
  decode: (reader) => MsgExec.decode(reader),
  encodeResponse: (response) => MsgExecResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.grantee, "grantee")],
  validate(message) {
    if (message.msgs.length === 0) throw sdkError("invalidRequest", "messages cannot be empty");
  },
  execute(ctx, message) {
    const { spec, params } = ctx.block;
    const limit = Number(authzParams.read(params).maxExecMessages);
    if (message.msgs.length > limit) {
      throw sdkError("invalidRequest", `${message.msgs.length} messages, at most ${limit} are allowed`);
    }
    const grantee = parseAccount(spec, message.grantee, "grantee");
    const messages = message.msgs.map((carried): ParsedMessage => {
      const parsed = parseNested(ctx.block, carried, BARRED);
      // Each is authorised in its turn, since one before may have taken an authorisation back.
      const execute = (inner: MessageContext) => {
        authorize(inner, grantee, carried, parsed);
        return parsed.execute(inner);
      };
      return { ...parsed, execute };
    });
    return { results: runNested(ctx, messages) };
  },
};

export const execMessage = messageType(exec);
