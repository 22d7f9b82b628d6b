import {
  MsgDeposit,
  MsgSubmitProposal,
  MsgSubmitProposalResponse,
  MsgVote,
  MsgVoteWeighted,
} from "cosmjs-types/cosmos/gov/v1/tx";
import type { Any } from "cosmjs-types/google/protobuf/any";
import { encodeAddress } from "../../../chain/crypto/bech32.ts";
import type { Event } from "../../../chain/module.ts";
import { GOV } from "../../../modules/auth/keeper.ts";
import { type Proposal, proposals } from "../../../modules/gov/store.ts";
import { MsgUpdateParams } from "../../../proto/params.ts";
import { accountOf, attribute, type Network, SPEC } from "../network.ts";

/** One ASSAY. */
export const M = 1_000_000n;
export const AUTHORITY = encodeAddress(SPEC.prefix, GOV);
export const YES = 1;
export const ABSTAIN = 2;
export const NO = 3;
export const VETO = 4;

export const coins = (amount: bigint) => (amount === 0n ? [] : [{ denom: SPEC.denom, amount: amount.toString() }]);

export interface Wanted {
  readonly messages?: readonly Any[];
  readonly deposit?: bigint;
  readonly expedited?: boolean;
  readonly proposer?: string;
}

export function proposal(wanted: Wanted = {}): Uint8Array {
  const { messages = [], deposit = 10n * M, expedited = false, proposer = "ann" } = wanted;
  return MsgSubmitProposal.encode(
    MsgSubmitProposal.fromPartial({
      messages: [...messages],
      initialDeposit: coins(deposit),
      proposer: accountOf(proposer),
      metadata: "ipfs://nothing",
      title: "A title",
      summary: "A summary",
      expedited,
    }),
  ).finish();
}

/** @returns the proposal's number. */
export function submit(net: Network, wanted: Wanted = {}): number {
  const { response } = net.run(MsgSubmitProposal.typeUrl, proposal(wanted));
  return Number(MsgSubmitProposalResponse.decode(response).proposalId);
}

export function deposit(net: Network, id: number, depositor: string, amount: bigint): void {
  const message = { proposalId: BigInt(id), depositor: accountOf(depositor), amount: coins(amount) };
  net.run(MsgDeposit.typeUrl, MsgDeposit.encode(message).finish());
}

export function vote(net: Network, id: number, voter: string, option: number): void {
  const message = { proposalId: BigInt(id), voter: accountOf(voter), option, metadata: "" };
  net.run(MsgVote.typeUrl, MsgVote.encode(message).finish());
}

export type Weights = readonly (readonly [option: number, weight: string])[];

export function voteWeighted(net: Network, id: number, voter: string, weights: Weights): void {
  const options = weights.map(([option, weight]) => ({ option, weight }));
  const message = { proposalId: BigInt(id), voter: accountOf(voter), options, metadata: "" };
  net.run(MsgVoteWeighted.typeUrl, MsgVoteWeighted.encode(message).finish());
}

export function changeParams(changes: Readonly<Record<string, bigint>>, authority = AUTHORITY): Any {
  const list = Object.entries(changes).map(([name, value]) => ({ name, value }));
  return { typeUrl: MsgUpdateParams.typeUrl, value: MsgUpdateParams.encode({ authority, changes: list }).finish() };
}

export function stored(net: Network, id: number): Proposal {
  const found = proposals.get(net.store, id);
  if (found === undefined) throw new Error(`there is no proposal ${id}`);
  return found;
}

/** Lets time pass in one block. @returns the result of the vote that ended with it, if one did. */
export function afterwards(net: Network, ms: number): string | undefined {
  return resultOf(net.block({ after: ms }));
}

export function resultOf(events: readonly Event[]): string | undefined {
  const ended = events.find(({ type }) => type === "active_proposal" || type === "inactive_proposal");
  return attribute(ended, "proposal_result");
}
