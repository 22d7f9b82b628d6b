import { QueryError } from "../../../chain/errors.ts";
import type { NodeApi, StoredBlock, TxLocation } from "../../api.ts";
import { int64, upperHex } from "../encoding.ts";
import { RpcError } from "../json-rpc.ts";
import { method } from "../method.ts";
import { type Condition, parseQuery, QuerySyntaxError } from "../query-language.ts";
import { renderBlockResult } from "../render/block.ts";
import { renderTx } from "../render/tx.ts";
import { pageOf, parseOrder } from "./bounds.ts";

/** @throws RpcError with the place of the mistake. */
export function parsedQuery(text: string): readonly Condition[] {
  try {
    return parseQuery(text);
  } catch (error) {
    if (!(error instanceof QuerySyntaxError)) throw error;
    throw new RpcError("internal", `failed to parse query: ${error.message}`);
  }
}

/** A search for one kind of event may say so, and finds nothing else anyway. */
function withoutEventKind(conditions: readonly Condition[], kind: string): readonly Condition[] {
  return conditions.filter(({ key, op, value }) => !(key === "tm.event" && op === "=" && value === kind));
}

/** @throws RpcError for a search that would read too much, with the reason and the remedy. */
async function searched(api: NodeApi, conditions: readonly Condition[]): Promise<readonly TxLocation[]> {
  try {
    return await api.searchTxs(conditions);
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    throw new RpcError("internal", error.message);
  }
}

export const tx = method("tx", { hash: "base64", prove: "bool?" }, ({ api }, { hash }) => {
  const at = api.txByHash(hash);
  const found = at === undefined ? undefined : renderTx(api, at);
  if (found === undefined) throw new RpcError("internal", `tx (${upperHex(hash)}) not found`);
  return found;
});

export const txSearch = method(
  "tx_search",
  { query: "string", prove: "bool?", page: "int?", per_page: "int?", order_by: "string?" },
  async ({ api }, params) => {
    const conditions = withoutEventKind(parsedQuery(params.query), "Tx");
    const order = parseOrder(params.order_by, "asc");
    const found = await searched(api, conditions);
    const { from, to } = pageOf(found.length, params.page, params.per_page);
    const ordered = order === "asc" ? found : found.toReversed();
    const txs = ordered.slice(from, to).map((at) => {
      const rendered = renderTx(api, at);
      if (rendered === undefined) throw new RpcError("internal", `the block at height ${at.height} is pruned`);
      return rendered;
    });
    return { txs, total_count: int64(found.length) };
  },
);

/** Heights that all conditions allow. @throws RpcError for a key that blocks are not indexed by. */
function heightRange(api: NodeApi, conditions: readonly Condition[]): { from: number; to: number } {
  let from = api.earliestHeight;
  let to = api.tip?.block.header.height ?? 0;
  for (const { key, op, value } of conditions) {
    if (key !== "block.height" || op === "CONTAINS") {
      throw new RpcError("internal", `block_search knows block.height with = < <= > >= EXISTS only, not ${key} ${op}`);
    }
    if (op === "EXISTS") continue;
    const height = Number(value);
    if (op === ">") from = Math.max(from, Math.floor(height) + 1);
    if (op === ">=" || op === "=") from = Math.max(from, Math.ceil(height));
    if (op === "<") to = Math.min(to, Math.ceil(height) - 1);
    if (op === "<=" || op === "=") to = Math.min(to, Math.floor(height));
  }
  return { from, to };
}

/** Newest first, as in CometBFT. Blocks are found by height only. */
export const blockSearch = method(
  "block_search",
  { query: "string", page: "int?", per_page: "int?", order_by: "string?" },
  ({ api }, params) => {
    const order = parseOrder(params.order_by, "desc");
    const { from, to } = heightRange(api, withoutEventKind(parsedQuery(params.query), "NewBlock"));
    const total = Math.max(0, to - from + 1);
    const page = pageOf(total, params.page, params.per_page);
    const blocks: object[] = [];
    for (let i = page.from; i < page.to; i++) {
      const stored: StoredBlock | undefined = api.block(order === "asc" ? from + i : to - i);
      if (stored !== undefined) blocks.push(renderBlockResult(api, stored));
    }
    return { blocks, total_count: int64(total) };
  },
);
