import { consensusParams } from "../../chain/consensus-params.ts";
import { readValidators } from "../../chain/executor/chain-state.ts";
import type { QueryContext } from "../../chain/module.ts";
import type { ValidatorSet } from "../../chain/types/validator.ts";
import { safetyPenalties } from "../slashing/keeper.ts";
import { answerableStake } from "../staking/keeper.ts";
import { cheapest, fewest, type Member, penaltyPpm, type Threshold } from "./coalition.ts";

export { cheapest, TWO_THIRDS } from "./coalition.ts";

const PPM = 1_000_000n;

/** Votes that are asked about, and when they are punished. */
export interface Asked {
  readonly infractionHeight: number;
  /** At least the height of the state that is asked. */
  readonly punishedHeight: number;
}

/** Who votes, or voted, at a height; undefined for one that is forgotten or not yet known. */
export function votersAt(ctx: QueryContext, height: number): ValidatorSet | undefined {
  return height >= ctx.height ? ctx.validators : readValidators(ctx.store, height);
}

/**
 * The voters with what they can still lose. A later height is taken to come after as many idle blocks, which is as late as it should: more
 * stake may then be gone than will be.
 */
export function membersOf(ctx: QueryContext, voters: ValidatorSet, asked: Asked): readonly Member[] {
  const interval = Number(consensusParams.read(ctx.params).emptyBlockInterval);
  const punishedTime = ctx.time + (asked.punishedHeight - ctx.height) * interval;
  return voters.map(({ operator, power }) => {
    const punishment = { infractionHeight: asked.infractionHeight, power, now: ctx.time, punishedTime };
    return { power, stake: answerableStake(ctx.store, ctx.params, operator, punishment) };
  });
}

export interface CoalitionCost {
  readonly fewest: number;
  readonly slashable: bigint;
  readonly slashableAtMost: bigint;
  readonly cost: bigint;
}

/** What breaking the chain costs a coalition with more than the threshold, at the parameters in force. Base units, rounded down. */
export function coalitionCost(ctx: QueryContext, members: readonly Member[], threshold: Threshold): CoalitionCost {
  const { atLeast, atMost } = cheapest(members, threshold);
  const cost = (atLeast * penaltyPpm(threshold, safetyPenalties(ctx.params))) / PPM;
  return { fewest: fewest(members, threshold), slashable: atLeast, slashableAtMost: atMost, cost };
}
