import { InvalidBlockError } from "../../chain/errors.ts";
import { expiry } from "../../chain/evidence-age.ts";
import type { BlockInput, Context, VerifiedFault } from "../../chain/module.ts";
import { answer, demandPolka, settleDemands } from "./amnesia.ts";
import { bar, punishEquivocation } from "./keeper.ts";

/**
 * @throws InvalidBlockError for evidence that is older than both limits: by then the stake that answers for it may be
 * gone, and a light client no longer trusts the set that signed it.
 */
export function handleDuplicateVote(ctx: Context, fault: VerifiedFault): void {
  const expired = expiry(ctx.block.params, fault, ctx.block);
  if (expired !== undefined) throw new InvalidBlockError(`evidence of height ${fault.height} is ${expired}`);
  punishEquivocation(ctx, fault.operator, fault.height, fault.power);
}

/** Punishes who has not answered in time and what is proven, opens challenges, and then takes answers. */
export function handleEvidence(ctx: Context, input: BlockInput): void {
  settleDemands(ctx);
  for (const fault of input.duplicateVotes) handleDuplicateVote(ctx, fault);
  for (const { kind, faults, demands } of input.lightClientAttacks) {
    const reason = kind === "lunatic" ? "light_client_attack" : "double_sign";
    for (const { operator, height, power } of faults) bar(ctx, operator, { reason, height, power });
    for (const demand of demands) demandPolka(ctx, demand);
  }
  for (const demand of input.demands) demandPolka(ctx, demand);
  for (const polka of input.polkas) answer(ctx, polka);
}
