import { MsgExecLegacyContent, MsgExecLegacyContentResponse } from "cosmjs-types/cosmos/gov/v1/tx";
import { type MessageType, messageType } from "../../../chain/module.ts";
import { parseAccount } from "../../addresses.ts";
import { requireAuthority } from "../../auth/keeper.ts";
import { textContent } from "../legacy-content.ts";

/** What carries the text of an old-style proposal. It does nothing: a text is agreed on by being voted on. */
const exec: MessageType<MsgExecLegacyContent, MsgExecLegacyContentResponse> = {
  typeUrl: MsgExecLegacyContent.typeUrl,
  responseTypeUrl: MsgExecLegacyContentResponse.typeUrl,
  decode: (reader) => MsgExecLegacyContent.decode(reader),
  encodeResponse: (response) => MsgExecLegacyContentResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.authority, "authority")],
  validate: ({ content }) => void textContent(content),
  execute(ctx, { authority }) {
    requireAuthority(ctx.block.spec, authority);
    return {};
  },
};

export const execLegacyContentMessage = messageType(exec);
