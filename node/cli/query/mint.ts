import {
  QueryAnnualProvisionsRequest,
  QueryAnnualProvisionsResponse,
  QueryInflationRequest,
  QueryInflationResponse,
  QueryParamsRequest,
  QueryParamsResponse,
} from "cosmjs-types/cosmos/mint/v1beta1/query";
import { type QueryRow, queryRow } from "./row.ts";

const SERVICE = "cosmos.mint.v1beta1.Query";

export const mintQueries: readonly QueryRow[] = [
  queryRow({
    path: "mint inflation",
    summary: "the inflation of a year",
    method: `${SERVICE}/Inflation`,
    codecs: [QueryInflationRequest, QueryInflationResponse],
    decimals: ["inflation"],
    request: () => ({}),
  }),
  queryRow({
    path: "mint annual-provisions",
    summary: "how much is minted in a year",
    method: `${SERVICE}/AnnualProvisions`,
    codecs: [QueryAnnualProvisionsRequest, QueryAnnualProvisionsResponse],
    decimals: ["annual_provisions"],
    request: () => ({}),
  }),
  queryRow({
    path: "mint params",
    summary: "parameters of minting, as the Cosmos SDK has them",
    method: `${SERVICE}/Params`,
    codecs: [QueryParamsRequest, QueryParamsResponse],
    decimals: ["inflation_rate_change", "inflation_max", "inflation_min", "goal_bonded"],
    request: () => ({}),
  }),
];
