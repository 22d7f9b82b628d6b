import { GRPC, QueryError } from "../../chain/errors.ts";
import type { Query, QueryContext } from "../../chain/module.ts";
import { QuerySecurityRequest, QuerySecurityResponse } from "../../proto/security.ts";
import { defineQuery, notFound } from "../define-query.ts";
import { presence } from "../slashing/keeper.ts";
import { THIRD, type Threshold, TWO_THIRDS, topShare, totalPower } from "./coalition.ts";
import { type Asked, coalitionCost, membersOf, votersAt } from "./keeper.ts";

const SERVICE = "/assay.security.v1.Query";
const DEFAULT_TOP = 10;
/** About three years of blocks of a second. */
const MAX_AHEAD = 100_000_000;

function readAsked(ctx: QueryContext, request: QuerySecurityRequest): Asked {
  const { infractionHeight, punishedHeight } = request;
  const now = BigInt(ctx.height);
  if (infractionHeight > now) {
    throw new QueryError(
      GRPC.invalidArgument,
      `nobody has voted at height ${infractionHeight}, the last one is ${now}`,
    );
  }
  if (punishedHeight !== 0n && (punishedHeight < now || punishedHeight > now + BigInt(MAX_AHEAD))) {
    throw new QueryError(
      GRPC.invalidArgument,
      `votes are punished from height ${now} on, ${MAX_AHEAD} blocks ahead at most`,
    );
  }
  return {
    infractionHeight: infractionHeight === 0n ? ctx.height : Number(infractionHeight),
    punishedHeight: punishedHeight === 0n ? ctx.height : Number(punishedHeight),
  };
}

function security(ctx: QueryContext, request: QuerySecurityRequest): QuerySecurityResponse {
  const asked = readAsked(ctx, request);
  const voters = votersAt(ctx, asked.infractionHeight);
  if (voters === undefined) throw notFound(`the validator set of height ${asked.infractionHeight}`);
  const members = membersOf(ctx, voters, asked);
  const top = request.top === 0 ? DEFAULT_TOP : request.top;
  const { present, margin } = presence(ctx.store, ctx.validators, ctx.height);
  const coalition = (threshold: Threshold) => {
    const { fewest, slashable, slashableAtMost, cost } = coalitionCost(ctx, members, threshold);
    return {
      fewest,
      slashable: slashable.toString(),
      slashableAtMost: slashableAtMost.toString(),
      cost: cost.toString(),
    };
  };
  return {
    infractionHeight: BigInt(asked.infractionHeight),
    punishedHeight: BigInt(asked.punishedHeight),
    validators: BigInt(members.length),
    totalPower: totalPower(members).toString(),
    totalSlashable: members.reduce((sum, { stake }) => sum + stake, 0n).toString(),
    third: coalition(THIRD),
    twoThirds: coalition(TWO_THIRDS),
    top,
    topSharePpm: topShare(members, top),
    presentPower: present.toString(),
    marginToHalt: margin.toString(),
  };
}

export const queries: readonly Query[] = [
  defineQuery(`${SERVICE}/Security`, QuerySecurityRequest, QuerySecurityResponse, security),
];
