import { MsgSetSendEnabled, MsgSetSendEnabledResponse } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { isDenom } from "../../../chain/denom.ts";
import { sdkError } from "../../../chain/errors.ts";
import { type MessageType, messageType } from "../../../chain/module.ts";
import { parseAccount } from "../../addresses.ts";
import { requireAuthority } from "../../auth/keeper.ts";
import { sendEnabled } from "../store.ts";

/** Denominations of one message. */
const MAX_DENOMS = 256;

/** Says which denominations users may send each other. Only governance may; what is not named stays as it is. */
const setSendEnabled: MessageType<MsgSetSendEnabled, MsgSetSendEnabledResponse> = {
  typeUrl: MsgSetSendEnabled.typeUrl,
  responseTypeUrl: MsgSetSendEnabledResponse.typeUrl,
  decode: (reader) => MsgSetSendEnabled.decode(reader),
  encodeResponse: (response) => MsgSetSendEnabledResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.authority, "authority")],
  validate(message) {
    const denoms = [...message.sendEnabled.map(({ denom }) => denom), ...message.useDefaultFor];
    if (denoms.length > MAX_DENOMS) {
      throw sdkError("invalidRequest", `${denoms.length} denominations, at most ${MAX_DENOMS} are allowed`);
    }
    const seen = new Set<string>();
    for (const denom of denoms) {
      if (!isDenom(denom)) throw sdkError("invalidRequest", `invalid denom: ${denom.slice(0, 130)}`);
      if (seen.has(denom)) throw sdkError("invalidRequest", `duplicate denom: ${denom}`);
      seen.add(denom);
    }
  },
  execute(ctx, { authority, sendEnabled: switches, useDefaultFor }) {
    requireAuthority(ctx.block.spec, authority);
    for (const { denom, enabled } of switches) sendEnabled.set(ctx.store, denom, enabled);
    for (const denom of useDefaultFor) sendEnabled.delete(ctx.store, denom);
    return {};
  },
};

export const setSendEnabledMessage = messageType(setSendEnabled);
