import { DecCoin } from "cosmjs-types/cosmos/base/v1beta1/coin";
import { type Message, message } from "./codec.ts";

/** The fee market's queries. See assay/feemarket/v1/query.proto; base fees are base units for a million gas, as texts. */
const PACKAGE = "assay.feemarket.v1";

export const QueryBaseFeeRequest = message(`${PACKAGE}.QueryBaseFeeRequest`, {});
export type QueryBaseFeeRequest = Message<typeof QueryBaseFeeRequest>;
export const QueryBaseFeeResponse = message(`${PACKAGE}.QueryBaseFeeResponse`, {
  /** In force in the next block. */
  baseFee: [1, "string"],
  denom: [2, "string"],
  /** Gas of a block, by the limits of its transactions, at which the base fee stays. */
  targetGas: [3, "uint64"],
});
export type QueryBaseFeeResponse = Message<typeof QueryBaseFeeResponse>;

export const QueryParamsRequest = message(`${PACKAGE}.QueryParamsRequest`, {});
export type QueryParamsRequest = Message<typeof QueryParamsRequest>;
export const QueryParamsResponse = message(`${PACKAGE}.QueryParamsResponse`, {
  minBaseFee: [1, "string"],
  maxBaseFee: [2, "string"],
  /** Parts per million of the block's greatest gas. */
  targetUsage: [3, "uint64"],
  changeDenominator: [4, "uint64"],
  /** Parts per million. */
  burnShare: [5, "uint64"],
});
export type QueryParamsResponse = Message<typeof QueryParamsResponse>;

/** For a transaction that may have to wait so many blocks. */
export const QueryEstimateRequest = message(`${PACKAGE}.QueryEstimateRequest`, { blocks: [1, "uint32"] });
export type QueryEstimateRequest = Message<typeof QueryEstimateRequest>;
export const QueryEstimateResponse = message(`${PACKAGE}.QueryEstimateResponse`, {
  /** In force in the next block. */
  baseFee: [1, "string"],
  /** The greatest there can be after so many blocks more: if all of them are full. */
  greatest: [2, "string"],
});
export type QueryEstimateResponse = Message<typeof QueryEstimateResponse>;

/** What clients know as the feemarket of Skip; amounts of DecCoin are decimals of 18 digits, scaled. */
const COMMON = "feemarket.feemarket.v1";

export const GasPriceRequest = message(`${COMMON}.GasPriceRequest`, { denom: [1, "string"] });
export type GasPriceRequest = Message<typeof GasPriceRequest>;
export const GasPriceResponse = message(`${COMMON}.GasPriceResponse`, { price: [1, DecCoin] });
export type GasPriceResponse = Message<typeof GasPriceResponse>;
export const GasPricesRequest = message(`${COMMON}.GasPricesRequest`, {});
export type GasPricesRequest = Message<typeof GasPricesRequest>;
export const GasPricesResponse = message(`${COMMON}.GasPricesResponse`, { prices: [1, DecCoin, "repeated"] });
export type GasPricesResponse = Message<typeof GasPricesResponse>;
