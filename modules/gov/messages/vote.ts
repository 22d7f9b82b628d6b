import { MsgVote, MsgVoteResponse } from "cosmjs-types/cosmos/gov/v1/tx";
import { MsgVote as LegacyVote, MsgVoteResponse as LegacyVoteResponse } from "cosmjs-types/cosmos/gov/v1beta1/tx";
import { type MessageType, messageType } from "../../../chain/module.ts";
import { parseAccount } from "../../addresses.ts";
import { DECIMAL_ONE } from "../../decimal.ts";
import { proposalNumber } from "../proposals.ts";
import { castVote, weightedOptions } from "../voting.ts";

const whole = (option: number) => weightedOptions([{ option, weight: DECIMAL_ONE }]);

/** Votes with all stake for one option. The old version is the same on the wire, without metadata. */
const vote: Omit<MessageType<MsgVote, MsgVoteResponse>, "typeUrl" | "responseTypeUrl"> = {
  decode: (reader) => MsgVote.decode(reader),
  encodeResponse: (response) => MsgVoteResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.voter, "voter")],
  validate: ({ option }) => void whole(option),
  execute(ctx, { proposalId, voter, option, metadata }) {
    const address = parseAccount(ctx.block.spec, voter, "voter");
    castVote(ctx, proposalNumber(proposalId), address, whole(option), metadata);
    return {};
  },
};

export const voteMessage = messageType({
  ...vote,
  typeUrl: MsgVote.typeUrl,
  responseTypeUrl: MsgVoteResponse.typeUrl,
});
export const legacyVoteMessage = messageType({
  ...vote,
  typeUrl: LegacyVote.typeUrl,
  responseTypeUrl: LegacyVoteResponse.typeUrl,
});
