import {
  MsgDepositValidatorRewardsPool,
  MsgDepositValidatorRewardsPoolResponse,
} from "cosmjs-types/cosmos/distribution/v1beta1/tx";
import { sdkError } from "../../../chain/errors.ts";
import { type ChainSpec, type MessageType, messageType } from "../../../chain/module.ts";
import { parseAccount, parseOperator } from "../../addresses.ts";
import { rewardBasis } from "../../staking/keeper.ts";
import { distributionError } from "../errors.ts";
import { rewardValidator } from "../keeper.ts";
import { givenCoins } from "../messages.ts";

/** Rewards are of the base denomination, and no other: what a validator keeps books of stays small. */
function depositOf(message: MsgDepositValidatorRewardsPool, { denom }: Pick<ChainSpec, "denom">): bigint {
  const coins = givenCoins(message.amount);
  const foreign = coins.find((coin) => coin.denom !== denom);
  if (foreign === undefined) return coins[0]?.amount ?? 0n;
  throw sdkError("invalidCoins", `rewards are paid in ${denom}, not ${foreign.denom}`);
}

/** Gives a validator and its delegators a reward, out of the depositor's own pocket. */
const deposit: MessageType<MsgDepositValidatorRewardsPool, MsgDepositValidatorRewardsPoolResponse> = {
  typeUrl: MsgDepositValidatorRewardsPool.typeUrl,
  responseTypeUrl: MsgDepositValidatorRewardsPoolResponse.typeUrl,
  decode: (reader) => MsgDepositValidatorRewardsPool.decode(reader),
  encodeResponse: (response) => MsgDepositValidatorRewardsPoolResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.depositor, "depositor")],
  validate(message, spec) {
    parseOperator(spec, message.validatorAddress);
    depositOf(message, spec);
  },
  execute(ctx, message) {
    const { spec } = ctx.block;
    const depositor = parseAccount(spec, message.depositor, "depositor");
    const operator = parseOperator(spec, message.validatorAddress);
    const basis = rewardBasis(ctx.store, operator);
    if (basis === undefined || basis.shares === 0n) {
      throw distributionError("noValidator", message.validatorAddress);
    }
    rewardValidator(ctx, depositor, operator, depositOf(message, spec), basis);
    return {};
  },
};

export const depositValidatorRewardsPoolMessage = messageType(deposit);
