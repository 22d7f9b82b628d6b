import {
  QueryParamsRequest,
  QueryParamsResponse,
  QuerySigningInfoRequest,
  QuerySigningInfoResponse,
  QuerySigningInfosRequest,
  QuerySigningInfosResponse,
} from "cosmjs-types/cosmos/slashing/v1beta1/query";
import { consensus } from "../tx/kinds.ts";
import { type QueryRow, queryRow } from "./row.ts";

const SERVICE = "cosmos.slashing.v1beta1.Query";

export const slashingQueries: readonly QueryRow[] = [
  queryRow({
    path: "slashing signing-info",
    summary: "how regularly a validator signs, and until when it is jailed",
    method: `${SERVICE}/SigningInfo`,
    codecs: [QuerySigningInfoRequest, QuerySigningInfoResponse],
    args: { validator: consensus },
    request: ({ validator }) => ({ consAddress: validator }),
  }),
  queryRow({
    path: "slashing signing-infos",
    summary: "the same of all validators",
    method: `${SERVICE}/SigningInfos`,
    codecs: [QuerySigningInfosRequest, QuerySigningInfosResponse],
    isPaged: true,
    request: (_, pagination) => ({ pagination }),
  }),
  queryRow({
    path: "slashing params",
    summary: "parameters of slashing, as the Cosmos SDK has them",
    method: `${SERVICE}/Params`,
    codecs: [QueryParamsRequest, QueryParamsResponse],
    decimals: ["min_signed_per_window", "slash_fraction_double_sign", "slash_fraction_downtime"],
    request: () => ({}),
  }),
];
