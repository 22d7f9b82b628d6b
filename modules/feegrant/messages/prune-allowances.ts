import { MsgPruneAllowances, MsgPruneAllowancesResponse } from "cosmjs-types/cosmos/feegrant/v1beta1/tx";
import { type MessageType, messageType } from "../../../chain/module.ts";
import { parseAccount } from "../../addresses.ts";
import { pruneAllowances } from "../keeper.ts";

/** As in the Cosmos SDK. */
const MAX_PRUNED = 75;

/** Removes expired allowances, which blocks do by themselves as well. */
const prune: MessageType<MsgPruneAllowances, MsgPruneAllowancesResponse> = {
  typeUrl: MsgPruneAllowances.typeUrl,
  responseTypeUrl: MsgPruneAllowancesResponse.typeUrl,
  decode: (reader) => MsgPruneAllowances.decode(reader),
  encodeResponse: (response) => MsgPruneAllowancesResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.pruner, "pruner")],
  validate: () => undefined,
  execute(ctx, message) {
    pruneAllowances(ctx, MAX_PRUNED);
    ctx.emit("prune_feegrant", ["pruner", message.pruner]);
    return {};
  },
};

export const pruneAllowancesMessage = messageType(prune);
