import {
  QueryParamsRequest,
  QueryParamsResponse,
  QuerySigningInfoRequest,
  QuerySigningInfoResponse,
  QuerySigningInfosRequest,
  QuerySigningInfosResponse,
} from "cosmjs-types/cosmos/slashing/v1beta1/query";
import type { ValidatorSigningInfo } from "cosmjs-types/cosmos/slashing/v1beta1/slashing";
import { utf8 } from "../../chain/bytes.ts";
import type { Query, QueryContext } from "../../chain/module.ts";
import { consensusText, queryConsensus } from "../addresses.ts";
import { decimalFromPpm } from "../decimal.ts";
import { defineQuery, notFound } from "../define-query.ts";
import { paginate } from "../pagination.ts";
import { operatorByConsensusAddress, validatorByOperator } from "../staking/keeper.ts";
import { protobufDuration, protobufTime } from "../timestamps.ts";
import { slashingParams } from "./params.ts";
import { type SigningInfo, signingInfoKey, signingInfos } from "./store.ts";

const SERVICE = "/cosmos.slashing.v1beta1.Query";

/** Undefined for a validator that is gone, whose identity is then not known. */
function infoMessage(ctx: QueryContext, operator: Uint8Array, info: SigningInfo): ValidatorSigningInfo | undefined {
  const validator = validatorByOperator(ctx.store, operator);
  if (validator === undefined) return undefined;
  const counted = Math.max(0, ctx.height - info.startHeight);
  return {
    address: consensusText(ctx.spec, validator.identityKey),
    startHeight: BigInt(info.startHeight),
    indexOffset: BigInt(counted),
    jailedUntil: protobufTime(info.jailedUntil),
    tombstoned: validator.tombstoned,
    missedBlocksCounter: BigInt(info.missed),
  };
}

/** In these three fields protobuf says `bytes` and means the digits of a scaled decimal. */
function digits(ppm: bigint): Uint8Array {
  return utf8(decimalFromPpm(ppm).toString());
}

export const queries: readonly Query[] = [
  defineQuery(`${SERVICE}/SigningInfo`, QuerySigningInfoRequest, QuerySigningInfoResponse, (ctx, { consAddress }) => {
    const operator = operatorByConsensusAddress(ctx.store, queryConsensus(ctx.spec, consAddress));
    const info = operator === undefined ? undefined : signingInfos.get(ctx.store, operator);
    const message = operator === undefined || info === undefined ? undefined : infoMessage(ctx, operator, info);
    if (message?.address !== consAddress) throw notFound(`SigningInfo not found for validator ${consAddress}`);
    return { valSigningInfo: message };
  }),
  defineQuery(`${SERVICE}/SigningInfos`, QuerySigningInfosRequest, QuerySigningInfosResponse, (ctx, request) => {
    const source = { collection: signingInfos, key: signingInfoKey };
    const page = paginate(ctx.store, source, request.pagination, (operator, info) => infoMessage(ctx, operator, info));
    return { info: page.items, pagination: page.pagination };
  }),
  defineQuery(`${SERVICE}/Params`, QueryParamsRequest, QueryParamsResponse, (ctx) => {
    const params = slashingParams.read(ctx.params);
    return {
      params: {
        signedBlocksWindow: params.signedBlocksWindow,
        minSignedPerWindow: digits(params.minSignedPerWindow),
        downtimeJailDuration: protobufDuration(params.downtimeJailDuration),
        slashFractionDoubleSign: digits(params.slashFractionDoubleSign),
        slashFractionDowntime: digits(params.slashFractionDowntime),
      },
    };
  }),
];
