import type {
  Deposit,
  Proposal as ProposalMessage,
  TallyResult,
  Vote as VoteMessage,
} from "cosmjs-types/cosmos/gov/v1/gov";
import { MsgExecLegacyContent } from "cosmjs-types/cosmos/gov/v1/tx";
import {
  type Proposal as LegacyProposal,
  type TallyResult as LegacyTally,
  type Vote as LegacyVote,
  TextProposal,
} from "cosmjs-types/cosmos/gov/v1beta1/gov";
import type { Any } from "cosmjs-types/google/protobuf/any";
import { fromUtf8 } from "../../chain/bytes.ts";
import type { ChainSpec } from "../../chain/module.ts";
import { accountText } from "../addresses.ts";
import { DECIMAL_ONE, formatDecimal } from "../decimal.ts";
import { protobufTime } from "../timestamps.ts";
import { messagesOf } from "./proposals.ts";
import type { Proposal, Tally, Vote } from "./store.ts";

/** Proposals, votes and deposits as both versions of the query service show them. */

type Names = Pick<ChainSpec, "prefix" | "denom">;

export function coinsOf({ denom }: Names, amount: bigint): { denom: string; amount: string }[] {
  return amount === 0n ? [] : [{ denom, amount: amount.toString() }];
}

export function tallyMessage(tally: Tally): TallyResult {
  return {
    yesCount: tally.yes.toString(),
    abstainCount: tally.abstain.toString(),
    noCount: tally.no.toString(),
    noWithVetoCount: tally.noWithVeto.toString(),
  };
}

export function legacyTallyMessage({ yes, abstain, no, noWithVeto }: Tally): LegacyTally {
  return {
    yes: yes.toString(),
    abstain: abstain.toString(),
    no: no.toString(),
    noWithVeto: noWithVeto.toString(),
  };
}

export function proposalMessage(spec: Names, id: number, proposal: Proposal): ProposalMessage {
  const voted = proposal.votingStartTime > 0;
  return {
    id: BigInt(id),
    messages: messagesOf(proposal),
    status: proposal.status,
    finalTallyResult: tallyMessage(proposal.finalTally),
    submitTime: protobufTime(proposal.submitTime),
    depositEndTime: protobufTime(proposal.depositEndTime),
    totalDeposit: coinsOf(spec, proposal.totalDeposit),
    ...(voted ? { votingStartTime: protobufTime(proposal.votingStartTime) } : {}),
    ...(voted ? { votingEndTime: protobufTime(proposal.votingEndTime) } : {}),
    metadata: fromUtf8(proposal.metadata),
    title: fromUtf8(proposal.title),
    summary: fromUtf8(proposal.summary),
    proposer: accountText(spec, proposal.proposer),
    expedited: proposal.expedited,
    failedReason: fromUtf8(proposal.failedReason),
  };
}

/** An old-style client reads every proposal as a content: the one it was made from, or its text. */
function contentOf(proposal: Proposal): Any {
  const carrier = messagesOf(proposal).find(({ typeUrl }) => typeUrl === MsgExecLegacyContent.typeUrl);
  const content = carrier === undefined ? undefined : MsgExecLegacyContent.decode(carrier.value).content;
  if (content !== undefined) return content;
  const text = { title: fromUtf8(proposal.title), description: fromUtf8(proposal.summary) };
  return { typeUrl: TextProposal.typeUrl, value: TextProposal.encode(text).finish() };
}

/** 0001-01-01T00:00:00Z, which old-style clients are told for a time that is not known yet. */
const NEVER = { seconds: -62_135_596_800n, nanos: 0 };

export function legacyProposalMessage(spec: Names, id: number, proposal: Proposal): LegacyProposal {
  const time = (ms: number) => (ms === 0 ? NEVER : protobufTime(ms));
  return {
    proposalId: BigInt(id),
    content: contentOf(proposal),
    status: proposal.status,
    finalTallyResult: legacyTallyMessage(proposal.finalTally),
    submitTime: protobufTime(proposal.submitTime),
    depositEndTime: protobufTime(proposal.depositEndTime),
    totalDeposit: coinsOf(spec, proposal.totalDeposit),
    votingStartTime: time(proposal.votingStartTime),
    votingEndTime: time(proposal.votingEndTime),
  };
}

export function voteMessage(spec: Names, id: number, voter: Uint8Array, vote: Vote): VoteMessage {
  return {
    proposalId: BigInt(id),
    voter: accountText(spec, voter),
    options: vote.options.map(({ option, weight }) => ({ option, weight: formatDecimal(weight) })),
    metadata: fromUtf8(vote.metadata),
  };
}

/** `option` is only set for a vote that is not split, as in the Cosmos SDK. */
export function legacyVoteMessage(spec: Names, id: number, voter: Uint8Array, vote: Vote): LegacyVote {
  const [only] = vote.options;
  return {
    proposalId: BigInt(id),
    voter: accountText(spec, voter),
    option: only?.weight === DECIMAL_ONE ? only.option : 0,
    options: vote.options.map(({ option, weight }) => ({ option, weight: weight.toString() })),
  };
}

/** The same in both versions. */
export function depositMessage(spec: Names, id: number, depositor: Uint8Array, amount: bigint): Deposit {
  return { proposalId: BigInt(id), depositor: accountText(spec, depositor), amount: coinsOf(spec, amount) };
}
