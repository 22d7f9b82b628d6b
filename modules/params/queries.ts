import {
  QueryParamsRequest as SdkParamsRequest,
  QueryParamsResponse as SdkParamsResponse,
} from "cosmjs-types/cosmos/params/v1beta1/query";
import { GRPC, QueryError } from "../../chain/errors.ts";
import { paramsRoot } from "../../chain/executor/chain-state.ts";
import type { Query } from "../../chain/module.ts";
import type { ParameterTable } from "../../genesis/parameters.ts";
import { QueryParamsRequest, QueryParamsResponse } from "../../proto/params.ts";
import { defineQuery, notFound } from "../define-query.ts";

/** All parameters with what they mean, and one of them the way the Cosmos SDK's params module answers. */
export function paramsQueries(table: () => ParameterTable): readonly Query[] {
  return [
    defineQuery("/assay.params.v1.Query/Params", QueryParamsRequest, QueryParamsResponse, (ctx, { module }) => ({
      params: [...table()].flatMap(([name, { unit, min, max, default: byDefault, doc }]) => {
        const value = ctx.params.get(name);
        if (value === undefined || (module !== "" && !name.startsWith(`${module}.`))) return [];
        return [{ name, value, unit, min, max, default: byDefault, doc }];
      }),
      paramsRoot: paramsRoot(ctx.params),
    })),
    defineQuery("/cosmos.params.v1beta1.Query/Params", SdkParamsRequest, SdkParamsResponse, (ctx, request) => {
      const { subspace, key } = request;
      if (subspace === "" || key === "") throw new QueryError(GRPC.invalidArgument, "invalid request");
      const value = ctx.params.get(`${subspace}.${key}`);
      if (value === undefined) throw notFound(`parameter ${subspace.slice(0, 64)}.${key.slice(0, 64)}`);
      return { param: { subspace, key, value: JSON.stringify(value.toString()) } };
    }),
  ];
}
