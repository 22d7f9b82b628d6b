import { MsgSubmitProposal, MsgSubmitProposalResponse } from "cosmjs-types/cosmos/gov/v1/tx";
import { parseCoins } from "../../../chain/decode-tx.ts";
import { type MessageType, messageType } from "../../../chain/module.ts";
import { parseAccount } from "../../addresses.ts";
import { depositAmount } from "../deposits.ts";
import { checkTexts, submitProposal } from "../proposals.ts";

/** Puts messages, which the account of governance signs, or just a text, to the vote. */
const submit: MessageType<MsgSubmitProposal, MsgSubmitProposalResponse> = {
  typeUrl: MsgSubmitProposal.typeUrl,
  responseTypeUrl: MsgSubmitProposalResponse.typeUrl,
  decode: (reader) => MsgSubmitProposal.decode(reader),
  encodeResponse: (response) => MsgSubmitProposalResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.proposer, "proposer")],
  validate(message) {
    checkTexts(message);
    parseCoins(message.initialDeposit);
  },
  execute(ctx, message) {
    const { messages, title, summary, metadata, expedited } = message;
    const proposer = parseAccount(ctx.block.spec, message.proposer, "proposer");
    const deposit = depositAmount(ctx, parseCoins(message.initialDeposit));
    const id = submitProposal(ctx, { messages, proposer, title, summary, metadata, expedited, deposit });
    return { proposalId: BigInt(id) };
  },
};

export const submitProposalMessage = messageType(submit);
