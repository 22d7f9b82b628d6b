import {
  MsgCancelProposal,
  MsgDeposit as MsgDepositV1,
  MsgExecLegacyContent,
  MsgSubmitProposal as MsgSubmitProposalV1,
  MsgVote as MsgVoteV1,
  MsgVoteWeighted as MsgVoteWeightedV1,
} from "cosmjs-types/cosmos/gov/v1/tx";
import { TextProposal } from "cosmjs-types/cosmos/gov/v1beta1/gov";
import { MsgDeposit, MsgSubmitProposal, MsgVote, MsgVoteWeighted } from "cosmjs-types/cosmos/gov/v1beta1/tx";
import { MsgCancelUpgrade, MsgSoftwareUpgrade } from "cosmjs-types/cosmos/upgrade/v1beta1/tx";
import type { Plan } from "cosmjs-types/cosmos/upgrade/v1beta1/upgrade";
import {
  type AminoRow,
  aminoRow,
  any,
  coins,
  decimal,
  int,
  list,
  object,
  optional,
  shortBool,
  shortList,
  shortText,
  shortUint64,
  text,
  timestamp,
  uint64,
} from "./kinds.ts";

const plan = object<Plan>({
  name: shortText,
  time: timestamp,
  height: shortUint64,
  info: shortText,
  upgradedClientState: optional(any),
});

/** Governance and upgrades: the old messages as CosmJS's default converters write them, the new ones as the Cosmos SDK does. */
export const govRows: readonly AminoRow[] = [
  aminoRow(MsgDeposit, "cosmos-sdk/MsgDeposit", { proposalId: uint64, depositor: text, amount: coins }),
  aminoRow(MsgVote, "cosmos-sdk/MsgVote", { proposalId: uint64, voter: text, option: int }),
  aminoRow(MsgVoteWeighted, "cosmos-sdk/MsgVoteWeighted", {
    proposalId: uint64,
    voter: text,
    options: list(object({ option: int, weight: decimal })),
  }),
  aminoRow(MsgSubmitProposal, "cosmos-sdk/MsgSubmitProposal", {
    content: optional(any),
    initialDeposit: coins,
    proposer: text,
  }),
  aminoRow(TextProposal, "cosmos-sdk/TextProposal", { title: text, description: text }),
  aminoRow(MsgDepositV1, "cosmos-sdk/v1/MsgDeposit", { proposalId: uint64, depositor: text, amount: coins }),
  aminoRow(MsgVoteV1, "cosmos-sdk/v1/MsgVote", { proposalId: uint64, voter: text, option: int, metadata: shortText }),
  aminoRow(MsgVoteWeightedV1, "cosmos-sdk/v1/MsgVoteWeighted", {
    proposalId: uint64,
    voter: text,
    options: list(object({ option: int, weight: text })),
    metadata: shortText,
  }),
  aminoRow(MsgCancelProposal, "cosmos-sdk/v1/MsgCancelProposal", { proposalId: uint64, proposer: text }),
  aminoRow(MsgExecLegacyContent, "cosmos-sdk/v1/MsgExecLegacyContent", { content: optional(any), authority: text }),
  aminoRow(MsgSoftwareUpgrade, "cosmos-sdk/MsgSoftwareUpgrade", { authority: text, plan }),
  aminoRow(MsgCancelUpgrade, "cosmos-sdk/MsgCancelUpgrade", { authority: text }),
  aminoRow(MsgSubmitProposalV1, "cosmos-sdk/v1/MsgSubmitProposal", {
    messages: shortList(any),
    initialDeposit: coins,
    proposer: shortText,
    metadata: shortText,
    title: shortText,
    summary: shortText,
    expedited: shortBool,
  }),
];
