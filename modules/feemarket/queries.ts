import { consensusParams } from "../../chain/consensus-params.ts";
import { GRPC, QueryError } from "../../chain/errors.ts";
import type { Query, QueryContext } from "../../chain/module.ts";
import {
  GasPriceRequest,
  GasPriceResponse,
  GasPricesRequest,
  GasPricesResponse,
  QueryBaseFeeRequest,
  QueryBaseFeeResponse,
  QueryEstimateRequest,
  QueryEstimateResponse,
  QueryParamsRequest,
  QueryParamsResponse,
} from "../../proto/feemarket.ts";
import { defineQuery } from "../define-query.ts";
import { greatestBaseFee, targetGas } from "./base-fee.ts";
import { baseFee, gasPrice } from "./keeper.ts";
import { feemarketParams } from "./params.ts";

const SERVICE = "/assay.feemarket.v1.Query";
/** What CosmJS and Keplr ask for the price: the feemarket of Skip, whose types they have built in. */
const COMMON_SERVICE = "/feemarket.feemarket.v1.Query";
/** Each block costs a multiplication. */
const MAX_BLOCKS = 1000;

function price({ store, params, spec }: QueryContext): { denom: string; amount: string } {
  return { denom: spec.denom, amount: gasPrice(store, params).toString() };
}

function estimate({ store, params }: QueryContext, { blocks }: QueryEstimateRequest): QueryEstimateResponse {
  if (blocks > MAX_BLOCKS)
    throw new QueryError(GRPC.invalidArgument, `an estimate is for at most ${MAX_BLOCKS} blocks`);
  const read = feemarketParams.read(params);
  const { maxBlockGas } = consensusParams.read(params);
  const fee = baseFee(store, params);
  return { baseFee: fee.toString(), greatest: greatestBaseFee(fee, blocks, maxBlockGas, read).toString() };
}

export const queries: readonly Query[] = [
  defineQuery(`${SERVICE}/BaseFee`, QueryBaseFeeRequest, QueryBaseFeeResponse, ({ store, params, spec }) => ({
    baseFee: baseFee(store, params).toString(),
    denom: spec.denom,
    targetGas: targetGas(consensusParams.read(params).maxBlockGas, feemarketParams.read(params)),
  })),
  defineQuery(`${SERVICE}/Params`, QueryParamsRequest, QueryParamsResponse, ({ params }) => {
    const { minBaseFee, maxBaseFee, ...rest } = feemarketParams.read(params);
    return { minBaseFee: minBaseFee.toString(), maxBaseFee: maxBaseFee.toString(), ...rest };
  }),
  defineQuery(`${SERVICE}/Estimate`, QueryEstimateRequest, QueryEstimateResponse, estimate),
  defineQuery(`${COMMON_SERVICE}/GasPrice`, GasPriceRequest, GasPriceResponse, (ctx, { denom }) => {
    if (denom === ctx.spec.denom) return { price: price(ctx) };
    throw new QueryError(GRPC.invalidArgument, `fees are paid in ${ctx.spec.denom}, not in ${denom.slice(0, 130)}`);
  }),
  defineQuery(`${COMMON_SERVICE}/GasPrices`, GasPricesRequest, GasPricesResponse, (ctx) => ({
    prices: [price(ctx)],
  })),
];
