import { ConfigRequest, ConfigResponse } from "cosmjs-types/cosmos/base/node/v1beta1/query";
import { included } from "../../../client/transactions.ts";
import { QueryBaseFeeRequest, QueryBaseFeeResponse } from "../../../proto/feemarket.ts";
import { QueryParamsRequest, QueryParamsResponse } from "../../../proto/params.ts";
import { QuerySecurityRequest, QuerySecurityResponse } from "../../../proto/security.ts";
import { UserError } from "../../user-error.ts";
import { integer, type Kind, optional, words } from "../tx/kinds.ts";
import { type QueryRow, queryRow, questionRow } from "./row.ts";

const txHash: Kind<string> = {
  shape: "hash",
  parse(text) {
    if (!/^[0-9a-fA-F]{64}$/.test(text)) throw new UserError("must be 64 hex digits");
    return text.toUpperCase();
  },
};

/** Questions about the chain as a whole; those of `assay.…` are its own, without a counterpart in the Cosmos SDK. */
export const chainQueries: readonly QueryRow[] = [
  questionRow({
    path: "status",
    summary: "the node: its version, height and clock",
    ask: (_, { comet }) => comet.status(),
  }),
  questionRow({
    path: "tx",
    summary: "a transaction that is in a block",
    args: { hash: txHash },
    async ask({ hash }, { comet }) {
      const tx = await included(comet, hash);
      if (tx === undefined) throw new UserError(`no block that the node knows holds the transaction ${hash}`);
      return tx;
    },
  }),
  queryRow({
    path: "params",
    summary: "all parameters in force, with their range, unit and meaning",
    method: "assay.params.v1.Query/Params",
    codecs: [QueryParamsRequest, QueryParamsResponse],
    flags: { module: optional(words, "only those of this module") },
    request: ({ module }) => ({ module: module ?? "" }),
  }),
  queryRow({
    path: "gas-price",
    summary: "the least price of gas, with its denomination",
    method: "cosmos.base.node.v1beta1.Service/Config",
    codecs: [ConfigRequest, ConfigResponse],
    request: () => ({}),
  }),
  queryRow({
    path: "base-fee",
    summary: "the price of gas and how it moves",
    method: "assay.feemarket.v1.Query/BaseFee",
    codecs: [QueryBaseFeeRequest, QueryBaseFeeResponse],
    request: () => ({}),
  }),
  queryRow({
    path: "security",
    summary: "what the stake secures: the cost of corruption, its spread, and the margin to a halt",
    method: "assay.security.v1.Query/Security",
    codecs: [QuerySecurityRequest, QuerySecurityResponse],
    flags: {
      "infraction-height": optional(integer, "of a vote at that height; the latest if not given"),
      "punished-height": optional(integer, "punished at that height; the latest if not given"),
      top: optional(integer, "the share of how many of the largest; 10 if not given"),
    },
    request: (values) => ({
      infractionHeight: values["infraction-height"] ?? 0n,
      punishedHeight: values["punished-height"] ?? 0n,
      top: Number(values.top ?? 0n),
    }),
  }),
];
