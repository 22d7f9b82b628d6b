import {
  QueryAnnualProvisionsRequest,
  QueryAnnualProvisionsResponse,
  QueryInflationRequest,
  QueryInflationResponse,
  QueryParamsRequest,
  QueryParamsResponse,
} from "cosmjs-types/cosmos/mint/v1beta1/query";
import { utf8 } from "../../chain/bytes.ts";
import { consensusParams } from "../../chain/consensus-params.ts";
import type { Query } from "../../chain/module.ts";
import { supply } from "../bank/keeper.ts";
import { decimalFromPpm } from "../decimal.ts";
import { defineQuery } from "../define-query.ts";
import { YEAR_MS } from "./curve.ts";
import { inflation } from "./keeper.ts";
import { mintParams } from "./params.ts";

const SERVICE = "/cosmos.mint.v1beta1.Query";

export const queries: readonly Query[] = [
  defineQuery(`${SERVICE}/Params`, QueryParamsRequest, QueryParamsResponse, (ctx) => {
    const params = mintParams.read(ctx.params);
    const { emptyBlockInterval } = consensusParams.read(ctx.params);
    return {
      params: {
        mintDenom: ctx.spec.denom,
        inflationRateChange: decimalFromPpm(params.inflationRateChange).toString(),
        inflationMax: decimalFromPpm(params.inflationMax).toString(),
        inflationMin: decimalFromPpm(params.inflationMin).toString(),
        goalBonded: decimalFromPpm(params.goalBonded).toString(),
        // Coins are made by time, so this counts for nothing: it is how many blocks an idle year has.
        blocksPerYear: YEAR_MS / (emptyBlockInterval > 0n ? emptyBlockInterval : 1n),
      },
    };
  }),
  // In these two protobuf says `bytes` and means the digits of a scaled decimal.
  defineQuery(`${SERVICE}/Inflation`, QueryInflationRequest, QueryInflationResponse, (ctx) => ({
    inflation: utf8(inflation(ctx.store, ctx.params).toString()),
  })),
  defineQuery(`${SERVICE}/AnnualProvisions`, QueryAnnualProvisionsRequest, QueryAnnualProvisionsResponse, (ctx) => ({
    annualProvisions: utf8((inflation(ctx.store, ctx.params) * supply(ctx.store, ctx.spec.denom)).toString()),
  })),
];
