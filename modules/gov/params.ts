import { defineParams } from "../../chain/params.ts";

/**
 * Names and defaults as in the Cosmos SDK, amounts of base units. No value is so extreme that a few who are away, or a few who are against
 * everything, end governance for ever: it could not be changed back.
 */
export const govParams = defineParams("gov", {
  minDeposit: {
    unit: "uassay",
    default: 10_000_000n,
    min: 1n,
    max: 1_000_000_000_000_000_000n,
    doc: "Deposit with which the vote on a proposal begins.",
  },
  expeditedMinDeposit: {
    unit: "uassay",
    default: 50_000_000n,
    min: 1n,
    max: 1_000_000_000_000_000_000n,
    doc: "The same for an expedited proposal; more than minDeposit.",
  },
  maxDepositPeriod: {
    unit: "ms",
    default: 172_800_000n,
    min: 1000n,
    max: 31_536_000_000n,
    doc: "Time in which the deposit has to come together.",
  },
  votingPeriod: { unit: "ms", default: 172_800_000n, min: 1000n, max: 31_536_000_000n, doc: "How long is voted." },
  expeditedVotingPeriod: {
    unit: "ms",
    default: 86_400_000n,
    min: 500n,
    max: 31_536_000_000n,
    doc: "How long is voted on an expedited proposal; shorter than votingPeriod.",
  },
  quorum: {
    unit: "ppm",
    default: 334_000n,
    min: 0n,
    max: 900_000n,
    doc: "Least part of all bonded stake that has to vote.",
  },
  threshold: {
    unit: "ppm",
    default: 500_000n,
    min: 1n,
    max: 900_000n,
    doc: "Part of the stake that voted, abstentions aside, of which more has to say yes.",
  },
  expeditedThreshold: {
    unit: "ppm",
    default: 667_000n,
    min: 1n,
    max: 950_000n,
    doc: "The same for an expedited proposal; more than threshold.",
  },
  vetoThreshold: {
    unit: "ppm",
    default: 334_000n,
    min: 100_000n,
    max: 1_000_000n,
    doc: "Part of the stake that voted, of which more with a veto rejects a proposal.",
  },
  minInitialDepositRatio: {
    unit: "ppm",
    default: 0n,
    min: 0n,
    max: 1_000_000n,
    doc: "Part of the deposit that whoever submits a proposal has to pay.",
  },
  minDepositRatio: {
    unit: "ppm",
    default: 10_000n,
    min: 5000n,
    max: 1_000_000n,
    doc: "Part of the deposit that each single deposit has to be, so that there are few to pay back.",
  },
  proposalCancelRatio: {
    unit: "ppm",
    default: 500_000n,
    min: 0n,
    max: 1_000_000n,
    doc: "Part of the deposits that is burnt when the proposer cancels.",
  },
  burnProposalDepositPrevote: {
    unit: "count",
    default: 0n,
    min: 0n,
    max: 1n,
    doc: "1 burns deposits that did not come together in time.",
  },
  burnVoteQuorum: {
    unit: "count",
    default: 0n,
    min: 0n,
    max: 1n,
    doc: "1 burns the deposits of a proposal that too few voted on.",
  },
  burnVoteVeto: {
    unit: "count",
    default: 1n,
    min: 0n,
    max: 1n,
    doc: "1 burns the deposits of a proposal that was vetoed.",
  },
  maxExecutionGas: {
    unit: "gas",
    default: 20_000_000n,
    min: 1_000_000n,
    max: 1_000_000_000n,
    doc: "Gas that all messages of one proposal may use together.",
  },
});
