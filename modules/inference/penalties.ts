import { toHex } from "../../chain/bytes.ts";
import type { Context } from "../../chain/module.ts";
import { heightKey } from "../../state/collections.ts";
import { accountText } from "../addresses.ts";
import { slash } from "../staking/keeper.ts";
import { inferenceParams } from "./params.ts";
import { isQuorum } from "./quorum.ts";
import { penalties } from "./store.ts";

/**
 * Executes held penalties whose appeal window is over, oldest first, bounded by inference.maxPenaltiesPerBlock. Stake
 * is burnt only if more than two thirds of all bonded power attested the other output.
 */
export function executePenalties(ctx: Context): void {
  const { height, params, spec } = ctx.block;
  const { maxPenaltiesPerBlock, slashFractionWrongOutput } = inferenceParams.read(params);
  const before = heightKey.encode(height + 1);
  for (const [key, penalty] of penalties.entries(ctx.store, { before, limit: Number(maxPenaltiesPerBlock) })) {
    penalties.delete(ctx.store, key);
    if (!isQuorum(penalty.attestedPower, penalty.bondedPower)) continue;
    const [, [jobId, operator]] = key;
    const burnt = slash(ctx, operator, penalty.infractionHeight, penalty.power, slashFractionWrongOutput);
    ctx.emit(
      "inference_slash",
      ["job_id", toHex(jobId)],
      ["operator", accountText(spec, operator)],
      ["burnt", String(burnt)],
    );
  }
}
