import { type Message, message } from "./codec.ts";

/** Sets or rotates a validator's vote key. Signed by the operator's account. See assay/staking/v1/tx.proto. */
export const MsgSetVoteKey = message("assay.staking.v1.MsgSetVoteKey", {
  /** `…valoper1…` of the validator. */
  validatorAddress: [1, "string"],
  /** 48 bytes, compressed BLS12-381 G1. */
  voteKey: [2, "bytes"],
  /** 96 bytes: the vote key's signature of PossessionData under the POSSESSION domain. */
  proofOfPossession: [3, "bytes"],
  /** 64 bytes: the identity key's signature of the same root. */
  identitySignature: [4, "bytes"],
});
export type MsgSetVoteKey = Message<typeof MsgSetVoteKey>;

export const MsgSetVoteKeyResponse = message("assay.staking.v1.MsgSetVoteKeyResponse", {});
export type MsgSetVoteKeyResponse = Message<typeof MsgSetVoteKeyResponse>;
