import { MsgSubmitProposal, MsgSubmitProposalResponse } from "cosmjs-types/cosmos/gov/v1beta1/tx";
import { parseCoins } from "../../../chain/decode-tx.ts";
import { type MessageType, messageType } from "../../../chain/module.ts";
import { parseAccount } from "../../addresses.ts";
import { depositAmount } from "../deposits.ts";
import { readContent } from "../legacy-content.ts";
import { submitProposal } from "../proposals.ts";

/** Old-style proposals: a content of one of few kinds, which becomes a message. */
const submit: MessageType<MsgSubmitProposal, MsgSubmitProposalResponse> = {
  typeUrl: MsgSubmitProposal.typeUrl,
  responseTypeUrl: MsgSubmitProposalResponse.typeUrl,
  decode: (reader) => MsgSubmitProposal.decode(reader),
  encodeResponse: (response) => MsgSubmitProposalResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.proposer, "proposer")],
  validate(message, spec) {
    readContent(spec, message.content);
    parseCoins(message.initialDeposit);
  },
  execute(ctx, message) {
    const { spec } = ctx.block;
    const { title, description, carried } = readContent(spec, message.content);
    const id = submitProposal(ctx, {
      messages: [carried],
      proposer: parseAccount(spec, message.proposer, "proposer"),
      title,
      summary: description,
      metadata: "",
      expedited: false,
      deposit: depositAmount(ctx, parseCoins(message.initialDeposit)),
    });
    return { proposalId: BigInt(id) };
  },
};

export const legacySubmitProposalMessage = messageType(submit);
