import { sha256 } from "../../../chain/crypto/hash.ts";
import { duplicateVoteEvidence } from "../../../chain/duplicate-vote.ts";
import { Body } from "../../../chain/types/block.ts";
import { PREVOTE, type Vote } from "../../../chain/types/vote.ts";
import type { Strategy } from "../strategy.ts";

/** Proposes blocks with evidence against somebody who has done nothing, with its own signatures in place of theirs. */
export const badEvidence: Strategy = {
  name: "bad-evidence",
  instead(actor, message) {
    if (!("proposal" in message) || message.proposal.proposal.polRound > 0) return [message];
    const { proposal, block } = message.proposal;
    const height = proposal.height - 1;
    const innocent = (actor.index + proposal.height) % actor.nodes;
    const accuse = (text: string): Vote | undefined => {
      const vote = actor.vote(PREVOTE, { height, round: 0, blockId: sha256(Buffer.from(text)) });
      return vote && { ...vote, validatorIndex: innocent };
    };
    const [a, b] = [accuse("one"), accuse("other")];
    if (a === undefined || b === undefined || height < 1) return [message];
    const evidence = { ...block.body.evidence, duplicateVotes: [duplicateVoteEvidence(a, b)] };
    const body = { ...block.body, evidence };
    const header = { ...block.header, bodyRoot: Body.hashTreeRoot(body) };
    return [{ proposal: actor.propose({ header, body }, proposal.round, -1) }];
  },
};
