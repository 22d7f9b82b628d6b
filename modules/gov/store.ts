import {
  BooleanType,
  ByteListType,
  ContainerType,
  ListCompositeType,
  UintBigintType,
  type ValueOf,
} from "@chainsafe/ssz";
import { portable } from "../../chain/types/portable.ts";
import { Bytes20, Uint8, Uint32, Uint64, UintBn64, UintBn128 } from "../../chain/types/primitives.ts";
import { bytesKey, collection, heightKey, item, pairKey } from "../../state/collections.ts";

/** The numbers of cosmos.gov.v1.ProposalStatus. */
export const STATUS = { deposit: 1, voting: 2, passed: 3, rejected: 4, failed: 5 } as const;

/** Of a text or a list, in bytes and entries. Title, summary and metadata as in the Cosmos SDK. */
export const LIMITS = {
  title: 255,
  summary: 10_200,
  metadata: 255,
  failure: 1000,
  messages: 32,
  messageBytes: 1_048_576,
  constitution: 65_536,
} as const;

const text = (limit: number) => portable(() => new ByteListType(limit));

/** A set, as a map to nothing. */
const Present = new BooleanType();

const ProposalMessage = new ContainerType(
  { typeUrl: text(200), value: text(LIMITS.messageBytes) },
  { typeName: "ProposalMessage" },
);

/** Stake that voted so, in base units, rounded down. */
const Tally = new ContainerType(
  { yes: UintBn128, abstain: UintBn128, no: UintBn128, noWithVeto: UintBn128 },
  { typeName: "Tally" },
);
export type Tally = ValueOf<typeof Tally>;
export const NO_TALLY: Tally = { yes: 0n, abstain: 0n, no: 0n, noWithVeto: 0n };

/** Times are milliseconds; those of the vote are zero until it begins. `depositors` counts who holds a deposit. */
export const Proposal = new ContainerType(
  {
    messages: portable(() => new ListCompositeType(ProposalMessage, LIMITS.messages)),
    status: Uint8,
    expedited: Present,
    proposer: Bytes20,
    title: text(LIMITS.title),
    summary: text(LIMITS.summary),
    metadata: text(LIMITS.metadata),
    failedReason: text(LIMITS.failure),
    submitTime: Uint64,
    depositEndTime: Uint64,
    votingStartTime: Uint64,
    votingEndTime: Uint64,
    totalDeposit: UintBn128,
    depositors: Uint32,
    finalTally: Tally,
  },
  { typeName: "Proposal" },
);
export type Proposal = ValueOf<typeof Proposal>;

/** `weight` is an 18-digit decimal, scaled; those of a vote add up to one. */
const WeightedOption = new ContainerType({ option: Uint8, weight: UintBn64 }, { typeName: "WeightedOption" });
export type WeightedOption = ValueOf<typeof WeightedOption>;

const Vote = new ContainerType(
  { options: portable(() => new ListCompositeType(WeightedOption, 4)), metadata: text(LIMITS.metadata) },
  { typeName: "Vote" },
);
export type Vote = ValueOf<typeof Vote>;

/** Shares times weight: below 2^224 (modules/staking/shares.ts) times 10^18, so 284 bits. */
const WeightedShares = new ContainerType(
  { low: new UintBigintType(32), high: UintBn64 },
  { typeName: "WeightedShares" },
);
const Cast = new ContainerType(
  { yes: WeightedShares, abstain: WeightedShares, no: WeightedShares, noWithVeto: WeightedShares },
  { typeName: "Cast" },
);
export type CastRecord = ValueOf<typeof Cast>;

const address = bytesKey(20);
/** A proposal and an account or validator. */
export const proposalAddressKey = pairKey(heightKey, address);
/** A time in milliseconds and a proposal. */
const dueKey = pairKey(heightKey, heightKey);
/** A proposal's number. */
export const proposalKey = heightKey;

export const proposals = collection("gov", 0, proposalKey, Proposal);
/** By proposal, depositor; in the base denomination. */
export const deposits = collection("gov", 1, proposalAddressKey, UintBn128);
/** By proposal, voter. Those of a proposal whose vote is over are deleted little by little. */
export const votes = collection("gov", 2, proposalAddressKey, Vote);
/** The same by voter, proposal. */
export const votedOn = collection("gov", 3, pairKey(address, heightKey), Present);
/** By proposal, validator: what those have voted with their own delegations who delegate to it. */
export const casts = collection("gov", 4, proposalAddressKey, Cast);
/** Proposals in their deposit period, by its end. */
export const depositQueue = collection("gov", 5, dueKey, Present);
/** Proposals that are voted on, by the end of the vote. */
export const votingQueue = collection("gov", 6, dueKey, Present);
/** Proposals that are voted on: far smaller than the proposals, for those who change a delegation. */
export const voting = collection("gov", 7, proposalKey, Present);
/** Proposals whose vote is over and whose votes are not all deleted yet. */
export const closed = collection("gov", 8, proposalKey, Present);
/** The number of the next proposal; the first is 1. */
export const nextProposal = item("gov", 9, Uint64);
export const constitution = item("gov", 10, text(LIMITS.constitution));
