import { MsgGrantAllowance, MsgGrantAllowanceResponse } from "cosmjs-types/cosmos/feegrant/v1beta1/tx";
import { equalBytes } from "../../../chain/bytes.ts";
import { sdkError } from "../../../chain/errors.ts";
import { type ChainSpec, type MessageType, messageType } from "../../../chain/module.ts";
import { parseAccount } from "../../addresses.ts";
import { ensureAccount } from "../../auth/keeper.ts";
import { type Allowance, checkNew, expirationOf, parseAllowance } from "../allowance.ts";
import { feegrantError } from "../errors.ts";
import { emitAllowance, getAllowance, type Parties, saveAllowance } from "../keeper.ts";

/** @throws TxError sdk 7 */
export function partiesOf(message: { granter: string; grantee: string }, spec: ChainSpec): Parties {
  const granter = parseAccount(spec, message.granter, "granter");
  const grantee = parseAccount(spec, message.grantee, "grantee");
  if (equalBytes(granter, grantee)) throw sdkError("invalidAddress", "cannot self-grant fee authorization");
  return { granter, grantee };
}

function allowanceOf({ allowance }: MsgGrantAllowance): Allowance {
  if (allowance === undefined) throw feegrantError("noAllowance", "allowance should not be empty");
  const parsed = parseAllowance(allowance);
  checkNew(parsed);
  return parsed;
}

/** Lets another account pay its fees with the signer's coins. */
const grantAllowance: MessageType<MsgGrantAllowance, MsgGrantAllowanceResponse> = {
  typeUrl: MsgGrantAllowance.typeUrl,
  responseTypeUrl: MsgGrantAllowanceResponse.typeUrl,
  decode: (reader) => MsgGrantAllowance.decode(reader),
  encodeResponse: (response) => MsgGrantAllowanceResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.granter, "granter")],
  validate(message, spec) {
    partiesOf(message, spec);
    allowanceOf(message);
  },
  execute(ctx, message) {
    const parties = partiesOf(message, ctx.block.spec);
    const allowance = allowanceOf(message);
    if (getAllowance(ctx.store, parties) !== undefined)
      throw sdkError("invalidRequest", "fee allowance already exists");
    const expiration = expirationOf(allowance);
    if (expiration !== undefined && expiration < ctx.block.time) {
      throw sdkError("invalidRequest", "expiration is before current block time");
    }
    ensureAccount(ctx, parties.grantee);
    saveAllowance(ctx, parties, allowance);
    emitAllowance(ctx, "set_feegrant", parties);
    return {};
  },
};

export const grantAllowanceMessage = messageType(grantAllowance);
