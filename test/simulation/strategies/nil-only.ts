import { ZERO_32 } from "../../../chain/types/primitives.ts";
import type { VoteType } from "../../../chain/types/vote.ts";
import type { Strategy } from "../strategy.ts";

/** Votes nil whatever is proposed. */
export const nilOnly: Strategy = {
  name: "nil-only",
  instead(actor, message) {
    if (!("vote" in message)) return [message];
    const { type, height, round } = message.vote;
    const vote = actor.vote(type as VoteType, { height, round, blockId: ZERO_32 });
    return vote === undefined ? [] : [{ vote }];
  },
};
