import type { BlockInput, Context } from "../../chain/module.ts";
import { moduleAddress } from "../auth/keeper.ts";
import { balance, transfer } from "../bank/keeper.ts";
import { rewardBasis } from "../staking/keeper.ts";
import { addToCommunityPool, DISTRIBUTION } from "./community-pool.ts";
import { exactly } from "./exact.ts";
import { addReward } from "./keeper.ts";
import { distributionParams } from "./params.ts";

const FEE_COLLECTOR = moduleAddress("fee_collector");
const PPM = 1_000_000n;

/**
 * Shares out the fees of the last block: the community's tax, the rest to the validators whose precommits the last commit
 * holds, late ones included, by their power at that height. What division leaves, less than 2^-256 base units for each of them, is
 * the community's. Without a signer the fees wait.
 * PERF: only for a block with fees; then one read of each signer's validator, and one read and one write of its rewards: about
 * 50 µs for each of them, most of it hashing.
 */
export function distributeFees(ctx: Context, input: Pick<BlockInput, "lastCommit">): void {
  const { spec, params } = ctx.block;
  const fees = balance(ctx.store, FEE_COLLECTOR, spec.denom);
  if (fees === 0n) return;
  const signers = input.lastCommit.filter(({ signed }) => signed).map(({ validator }) => validator);
  const total = signers.reduce((sum, { power }) => sum + power, 0n);
  if (total === 0n) return;
  transfer(ctx, FEE_COLLECTOR, DISTRIBUTION, [{ denom: spec.denom, amount: fees }]);
  const all = exactly(fees);
  const toSigners = all - (all * distributionParams.read(params).communityTax) / PPM;
  let left = all;
  for (const { operator, power } of signers) {
    const reward = (toSigners * power) / total;
    addReward(ctx, operator, reward, rewardBasis(ctx.store, operator));
    left -= reward;
  }
  addToCommunityPool(ctx, spec.denom, left);
}
