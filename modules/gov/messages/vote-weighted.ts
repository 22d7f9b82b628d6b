import { MsgVoteWeighted, MsgVoteWeightedResponse } from "cosmjs-types/cosmos/gov/v1/tx";
import {
  MsgVoteWeighted as LegacyVoteWeighted,
  MsgVoteWeightedResponse as LegacyVoteWeightedResponse,
} from "cosmjs-types/cosmos/gov/v1beta1/tx";
import { sdkError } from "../../../chain/errors.ts";
import { type AnyMessageType, messageType } from "../../../chain/module.ts";
import { parseAccount } from "../../addresses.ts";
import { parseDecimal, parseScaledDecimal } from "../../decimal.ts";
import { proposalNumber } from "../proposals.ts";
import { castVote, weightedOptions } from "../voting.ts";

/** Splits a vote. The versions differ in how a weight is written: `0.5`, and in the old one `500000000000000000`. */
function voteWeighted(
  typeUrl: string,
  responseTypeUrl: string,
  parseWeight: (text: string) => bigint | undefined,
): AnyMessageType {
  const optionsOf = ({ options }: MsgVoteWeighted) => {
    if (options.length === 0) throw sdkError("invalidRequest", "a vote without options");
    return weightedOptions(options.map(({ option, weight }) => ({ option, weight: parseWeight(weight) })));
  };
  return messageType<MsgVoteWeighted, MsgVoteWeightedResponse>({
    typeUrl,
    responseTypeUrl,
    decode: (reader) => MsgVoteWeighted.decode(reader),
    encodeResponse: (response) => MsgVoteWeightedResponse.encode(response).finish(),
    signers: (message, spec) => [parseAccount(spec, message.voter, "voter")],
    validate: (message) => void optionsOf(message),
    execute(ctx, message) {
      const voter = parseAccount(ctx.block.spec, message.voter, "voter");
      castVote(ctx, proposalNumber(message.proposalId), voter, optionsOf(message), message.metadata);
      return {};
    },
  });
}

export const voteWeightedMessage = voteWeighted(MsgVoteWeighted.typeUrl, MsgVoteWeightedResponse.typeUrl, parseDecimal);
export const legacyVoteWeightedMessage = voteWeighted(
  LegacyVoteWeighted.typeUrl,
  LegacyVoteWeightedResponse.typeUrl,
  parseScaledDecimal,
);
