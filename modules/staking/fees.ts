import type { BlockInput, Context } from "../../chain/module.ts";
import { operatorText } from "../addresses.ts";
import { moduleAddress } from "../auth/keeper.ts";
import { balance, transfer } from "../bank/keeper.ts";

const FEE_COLLECTOR = moduleAddress("fee_collector");

/**
 * Pays the fees of the last block to the operators whose precommits the last commit holds, by power and rounded down.
 * What rounding leaves stays for the next block.
 */
export function distributeFees(ctx: Context, input: Pick<BlockInput, "lastCommit">): void {
  const { spec } = ctx.block;
  const signers = input.lastCommit.filter(({ signed }) => signed).map(({ validator }) => validator);
  const total = signers.reduce((sum, { power }) => sum + power, 0n);
  if (total === 0n) return;
  const fees = balance(ctx.store, FEE_COLLECTOR, spec.denom);
  for (const { operator, power } of signers) {
    const amount = (fees * power) / total;
    if (amount === 0n) continue;
    transfer(ctx, FEE_COLLECTOR, operator, [{ denom: spec.denom, amount }]);
    ctx.emit("rewards", ["amount", `${amount}${spec.denom}`], ["validator", operatorText(spec, operator)]);
  }
}
