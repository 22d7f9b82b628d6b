import type { Module } from "../../chain/module.ts";
import { storedTypes } from "../../state/collections.ts";
import { endProposals } from "./end-block.ts";
import { genesis } from "./genesis.ts";
import { legacyQueries } from "./legacy-queries.ts";
import { cancelProposalMessage } from "./messages/cancel-proposal.ts";
import { depositMessage, legacyDepositMessage } from "./messages/deposit.ts";
import { execLegacyContentMessage } from "./messages/exec-legacy-content.ts";
import { legacySubmitProposalMessage } from "./messages/legacy-submit-proposal.ts";
import { submitProposalMessage } from "./messages/submit-proposal.ts";
import { legacyVoteMessage, voteMessage } from "./messages/vote.ts";
import { legacyVoteWeightedMessage, voteWeightedMessage } from "./messages/vote-weighted.ts";
import { govParams } from "./params.ts";
import { queries } from "./queries.ts";
import * as store from "./store.ts";

export const govModule: Module = {
  name: "gov",
  params: govParams,
  messages: [
    submitProposalMessage,
    depositMessage,
    voteMessage,
    voteWeightedMessage,
    cancelProposalMessage,
    execLegacyContentMessage,
    legacySubmitProposalMessage,
    legacyDepositMessage,
    legacyVoteMessage,
    legacyVoteWeightedMessage,
  ],
  queries: [...queries, ...legacyQueries],
  stored: storedTypes(store),
  genesis,
  endBlock(ctx) {
    endProposals(ctx);
    return undefined;
  },
};
