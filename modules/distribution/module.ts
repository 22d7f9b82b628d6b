import type { Module } from "../../chain/module.ts";
import { storedTypes } from "../../state/collections.ts";
import { distributeFees } from "./allocation.ts";
import { genesis } from "./genesis.ts";
import { communityPoolSpendMessage } from "./messages/community-pool-spend.ts";
import { depositValidatorRewardsPoolMessage } from "./messages/deposit-validator-rewards-pool.ts";
import { fundCommunityPoolMessage } from "./messages/fund-community-pool.ts";
import { setWithdrawAddressMessage } from "./messages/set-withdraw-address.ts";
import { withdrawDelegatorRewardMessage } from "./messages/withdraw-delegator-reward.ts";
import { withdrawValidatorCommissionMessage } from "./messages/withdraw-validator-commission.ts";
import { distributionParams } from "./params.ts";
import { queries } from "./queries.ts";
import * as store from "./store.ts";

export const distributionModule: Module = {
  name: "distribution",
  params: distributionParams,
  messages: [
    setWithdrawAddressMessage,
    withdrawDelegatorRewardMessage,
    withdrawValidatorCommissionMessage,
    fundCommunityPoolMessage,
    depositValidatorRewardsPoolMessage,
    communityPoolSpendMessage,
  ],
  queries,
  stored: storedTypes(store),
  genesis,
  beginBlock: distributeFees,
};
