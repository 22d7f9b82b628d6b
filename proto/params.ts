import { type Message, message } from "./codec.ts";

/** A parameter's new value. */
export const ParamChange = message("assay.params.v1.ParamChange", {
  /** Full name, as in genesis: `staking.unbondingTime`. */
  name: [1, "string"],
  /** In the parameter's unit. */
  value: [2, "uint64"],
});
export type ParamChange = Message<typeof ParamChange>;

/** Changes parameters from the next block on. Only a proposal carries it. See assay/params/v1/tx.proto. */
export const MsgUpdateParams = message("assay.params.v1.MsgUpdateParams", {
  /** The account of governance. */
  authority: [1, "string"],
  /** All or none; no name twice. */
  changes: [2, ParamChange, "repeated"],
});
export type MsgUpdateParams = Message<typeof MsgUpdateParams>;

export const MsgUpdateParamsResponse = message("assay.params.v1.MsgUpdateParamsResponse", {});
export type MsgUpdateParamsResponse = Message<typeof MsgUpdateParamsResponse>;

/** A row of the parameter table and the value in force in the next block. */
export const Param = message("assay.params.v1.Param", {
  name: [1, "string"],
  value: [2, "uint64"],
  /** `count`, `blocks`, `ms`, `ppm`, `gas`, `bytes` or `uassay`. */
  unit: [3, "string"],
  /** The least value, inclusive. */
  min: [4, "uint64"],
  /** The greatest value, inclusive. */
  max: [5, "uint64"],
  /** What a genesis document that does not name it gets. */
  default: [6, "uint64"],
  doc: [7, "string"],
});
export type Param = Message<typeof Param>;

export const QueryParamsRequest = message("assay.params.v1.QueryParamsRequest", {
  /** Only this module's parameters; all for none. */
  module: [1, "string"],
});
export type QueryParamsRequest = Message<typeof QueryParamsRequest>;

export const QueryParamsResponse = message("assay.params.v1.QueryParamsResponse", {
  /** In byte order of their names. */
  params: [1, Param, "repeated"],
  /** hash_tree_root of all parameters, which the next header holds. */
  paramsRoot: [2, "bytes"],
});
export type QueryParamsResponse = Message<typeof QueryParamsResponse>;
