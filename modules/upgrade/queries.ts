import {
  QueryAppliedPlanRequest,
  QueryAppliedPlanResponse,
  QueryAuthorityRequest,
  QueryAuthorityResponse,
  QueryCurrentPlanRequest,
  QueryCurrentPlanResponse,
  QueryModuleVersionsRequest,
  QueryModuleVersionsResponse,
} from "cosmjs-types/cosmos/upgrade/v1beta1/query";
import type { Query } from "../../chain/module.ts";
import { accountText } from "../addresses.ts";
import { GOV } from "../auth/keeper.ts";
import { defineQuery, notFound } from "../define-query.ts";
import { appliedAt, plannedUpgrade } from "./keeper.ts";
import { moduleVersions } from "./store.ts";

const SERVICE = "/cosmos.upgrade.v1beta1.Query";
/** Plans have no time; old clients are told Go's zero time. */
const NEVER = { seconds: -62_135_596_800n, nanos: 0 };

export const queries: readonly Query[] = [
  defineQuery(`${SERVICE}/CurrentPlan`, QueryCurrentPlanRequest, QueryCurrentPlanResponse, (ctx) => {
    const plan = plannedUpgrade(ctx.store);
    if (plan === undefined) return {};
    return { plan: { name: plan.name, time: NEVER, height: BigInt(plan.height), info: plan.info } };
  }),
  defineQuery(`${SERVICE}/AppliedPlan`, QueryAppliedPlanRequest, QueryAppliedPlanResponse, (ctx, { name }) => ({
    height: BigInt(appliedAt(ctx.store, name) ?? 0),
  })),
  defineQuery(
    `${SERVICE}/ModuleVersions`,
    QueryModuleVersionsRequest,
    QueryModuleVersionsResponse,
    (ctx, { moduleName }) => {
      const versions = moduleVersions
        .entries(ctx.store)
        .filter(([name]) => moduleName === "" || name === moduleName)
        .map(([name, version]) => ({ name, version: BigInt(version) }));
      if (versions.length === 0)
        throw notFound(`x/upgrade: QueryModuleVersions module ${moduleName.slice(0, 64)} not found`);
      return { moduleVersions: versions };
    },
  ),
  defineQuery(`${SERVICE}/Authority`, QueryAuthorityRequest, QueryAuthorityResponse, (ctx) => ({
    address: accountText(ctx.spec, GOV),
  })),
];
