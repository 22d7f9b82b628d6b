import { MsgCancelProposal, MsgCancelProposalResponse } from "cosmjs-types/cosmos/gov/v1/tx";
import { equalBytes } from "../../../chain/bytes.ts";
import { type MessageType, messageType } from "../../../chain/module.ts";
import { parseAccount } from "../../addresses.ts";
import { protobufTime } from "../../timestamps.ts";
import { settleDeposits } from "../deposits.ts";
import { closeVote } from "../end-block.ts";
import { govError } from "../errors.ts";
import { govParams } from "../params.ts";
import { proposalNumber } from "../proposals.ts";
import { depositQueue, proposals, STATUS, votingQueue } from "../store.ts";

/** Withdraws a proposal before its vote ends, which costs a part of the deposits. It is then gone. */
const cancel: MessageType<MsgCancelProposal, MsgCancelProposalResponse> = {
  typeUrl: MsgCancelProposal.typeUrl,
  responseTypeUrl: MsgCancelProposalResponse.typeUrl,
  decode: (reader) => MsgCancelProposal.decode(reader),
  encodeResponse: (response) => MsgCancelProposalResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.proposer, "proposer")],
  validate: () => undefined,
  execute(ctx, message) {
    const { spec, time, height, params } = ctx.block;
    const id = proposalNumber(message.proposalId);
    const proposal = proposals.get(ctx.store, id);
    if (proposal === undefined) throw govError("noProposal", `${id}`);
    if (!equalBytes(proposal.proposer, parseAccount(spec, message.proposer, "proposer"))) {
      throw govError("invalidProposer", message.proposer);
    }
    if (proposal.status === STATUS.voting) {
      if (proposal.votingEndTime <= time) throw govError("votingEnded", `${id}`);
      votingQueue.delete(ctx.store, [proposal.votingEndTime, id]);
      closeVote(ctx, id);
    } else if (proposal.status === STATUS.deposit) depositQueue.delete(ctx.store, [proposal.depositEndTime, id]);
    else throw govError("invalidProposal", "proposal should be in the deposit or voting period");
    settleDeposits(ctx, id, govParams.read(params).proposalCancelRatio);
    proposals.delete(ctx.store, id);
    ctx.emit("cancel_proposal", ["sender", message.proposer], ["proposal_id", id.toString()]);
    return { proposalId: message.proposalId, canceledTime: protobufTime(time), canceledHeight: BigInt(height) };
  },
};

export const cancelProposalMessage = messageType(cancel);
