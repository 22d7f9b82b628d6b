import { consensusParams } from "../../chain/consensus-params.ts";
import { InvalidBlockError } from "../../chain/errors.ts";
import type { Context, VerifiedDuplicateVote } from "../../chain/module.ts";
import { punishEquivocation } from "./keeper.ts";

/**
 * @throws InvalidBlockError for evidence that is older than both limits: by then the stake that answers for it may be
 * gone, and a light client no longer trusts the set that signed it.
 */
export function handleDuplicateVote(ctx: Context, vote: VerifiedDuplicateVote): void {
  const { evidenceMaxAgeBlocks, evidenceMaxAgeTime } = consensusParams.read(ctx.block.params);
  const blocks = ctx.block.height - vote.height;
  const time = ctx.block.time - vote.time;
  if (BigInt(blocks) > evidenceMaxAgeBlocks && BigInt(time) > evidenceMaxAgeTime) {
    throw new InvalidBlockError(
      `evidence of height ${vote.height} is ${blocks} blocks and ${time} ms old, ` +
        `the limits are ${evidenceMaxAgeBlocks} blocks and ${evidenceMaxAgeTime} ms`,
    );
  }
  punishEquivocation(ctx, vote.operator, vote.height, vote.power);
}
