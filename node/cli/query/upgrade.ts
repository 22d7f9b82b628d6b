import {
  QueryAppliedPlanRequest,
  QueryAppliedPlanResponse,
  QueryCurrentPlanRequest,
  QueryCurrentPlanResponse,
  QueryModuleVersionsRequest,
  QueryModuleVersionsResponse,
} from "cosmjs-types/cosmos/upgrade/v1beta1/query";
import { words } from "../tx/kinds.ts";
import { type QueryRow, queryRow } from "./row.ts";

const SERVICE = "cosmos.upgrade.v1beta1.Query";

export const upgradeQueries: readonly QueryRow[] = [
  queryRow({
    path: "upgrade plan",
    summary: "the upgrade that is to come",
    method: `${SERVICE}/CurrentPlan`,
    codecs: [QueryCurrentPlanRequest, QueryCurrentPlanResponse],
    request: () => ({}),
  }),
  queryRow({
    path: "upgrade applied",
    summary: "at which height an upgrade was made",
    method: `${SERVICE}/AppliedPlan`,
    codecs: [QueryAppliedPlanRequest, QueryAppliedPlanResponse],
    args: { name: { ...words, shape: "name" } },
    request: ({ name }) => ({ name }),
  }),
  queryRow({
    path: "upgrade module-versions",
    summary: "the modules' versions",
    method: `${SERVICE}/ModuleVersions`,
    codecs: [QueryModuleVersionsRequest, QueryModuleVersionsResponse],
    request: () => ({ moduleName: "" }),
  }),
];
