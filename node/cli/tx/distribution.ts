import {
  QueryDelegatorValidatorsRequest,
  QueryDelegatorValidatorsResponse,
} from "cosmjs-types/cosmos/distribution/v1beta1/query";
import {
  MsgFundCommunityPool,
  MsgSetWithdrawAddress,
  MsgWithdrawDelegatorReward,
  MsgWithdrawValidatorCommission,
} from "cosmjs-types/cosmos/distribution/v1beta1/tx";
import { UserError } from "../../user-error.ts";
import { address, coins, flag, operator } from "./kinds.ts";
import { message, type TxRow, txRow } from "./row.ts";

const reward = (delegatorAddress: string, validatorAddress: string) =>
  message(MsgWithdrawDelegatorReward, MsgWithdrawDelegatorReward.fromPartial({ delegatorAddress, validatorAddress }));

export const distributionRows: readonly TxRow[] = [
  txRow({
    path: "distribution withdraw-rewards",
    summary: "takes the rewards of a delegation",
    args: { validator: operator },
    flags: { commission: flag("the validator's commission too; only its operator can") },
    messages: ({ validator, commission }, sender) => [
      reward(sender.address, validator),
      ...(commission
        ? [
            message(
              MsgWithdrawValidatorCommission,
              MsgWithdrawValidatorCommission.fromPartial({ validatorAddress: validator }),
            ),
          ]
        : []),
    ],
  }),
  txRow({
    path: "distribution withdraw-all-rewards",
    summary: "takes the rewards of all delegations",
    async messages(_, { address: delegatorAddress, rpc }) {
      const request = QueryDelegatorValidatorsRequest.encode({ delegatorAddress }).finish();
      const answer = await rpc.request("cosmos.distribution.v1beta1.Query", "DelegatorValidators", request);
      const { validators } = QueryDelegatorValidatorsResponse.decode(answer);
      if (validators.length === 0) throw new UserError(`${delegatorAddress} delegates to nobody`);
      return validators.map((validator) => reward(delegatorAddress, validator));
    },
  }),
  txRow({
    path: "distribution set-withdraw-address",
    summary: "sends rewards to another account from now on",
    args: { to: address },
    messages: ({ to }, sender) => [
      message(
        MsgSetWithdrawAddress,
        MsgSetWithdrawAddress.fromPartial({ delegatorAddress: sender.address, withdrawAddress: to }),
      ),
    ],
  }),
  txRow({
    path: "distribution fund-community-pool",
    summary: "gives coins to the community pool",
    args: { amount: coins },
    messages: ({ amount }, sender) => [
      message(MsgFundCommunityPool, MsgFundCommunityPool.fromPartial({ amount, depositor: sender.address })),
    ],
  }),
];
