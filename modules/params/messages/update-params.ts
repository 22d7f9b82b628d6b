import { readParams, writeParams } from "../../../chain/executor/chain-state.ts";
import { type AnyMessageType, type Context, type MessageType, messageType } from "../../../chain/module.ts";
import type { Params } from "../../../chain/params.ts";
import type { ParameterTable } from "../../../genesis/parameters.ts";
import { MsgUpdateParams, MsgUpdateParamsResponse } from "../../../proto/params.ts";
import { parseAccount } from "../../addresses.ts";
import { requireAuthority } from "../../auth/keeper.ts";
import { supply } from "../../bank/keeper.ts";
import { changedParams } from "../change.ts";
import { paramsError } from "../errors.ts";

const MIN_DEPOSIT = "gov.minDeposit";

/** A deposit that nobody can pay would end governance. @throws TxError params 3 for a raise above a tenth of all coins */
function checkDeposit(ctx: Context, before: Params, after: Params): void {
  const deposit = after.get(MIN_DEPOSIT) ?? 0n;
  if (deposit <= (before.get(MIN_DEPOSIT) ?? 0n)) return;
  const { denom } = ctx.block.spec;
  const most = supply(ctx.store, denom) / 10n;
  if (deposit > most) {
    throw paramsError(
      "refused",
      `${MIN_DEPOSIT} = ${deposit} is more than a tenth of all ${denom}, ${most}: nobody could pay it`,
    );
  }
}

/**
 * Changes parameters for the next block on. What runs in this block keeps to `ctx.block.params`, which was read before it
 * began; a second change in one block is one of the values that the first has left.
 */
export function updateParamsMessage(table: () => ParameterTable): AnyMessageType {
  const update: MessageType<MsgUpdateParams, MsgUpdateParamsResponse> = {
    typeUrl: MsgUpdateParams.typeUrl,
    responseTypeUrl: MsgUpdateParamsResponse.typeUrl,
    decode: (reader) => MsgUpdateParams.decode(reader),
    encodeResponse: (response) => MsgUpdateParamsResponse.encode(response).finish(),
    signers: (message, spec) => [parseAccount(spec, message.authority, "authority")],
    validate(message) {
      if (message.changes.length === 0) throw paramsError("empty", "no parameter is named");
    },
    execute(ctx, message) {
      requireAuthority(ctx.block.spec, message.authority);
      const before = readParams(ctx.store);
      const after = changedParams(table(), before, message.changes);
      checkDeposit(ctx, before, after);
      writeParams(ctx.store, after);
      for (const { name, value } of message.changes) {
        const from = before.get(name);
        ctx.emit("update_param", ["name", name], ["from", from?.toString() ?? ""], ["to", value.toString()]);
      }
      return {};
    },
  };
  return messageType(update);
}
