import type { NodeApi, StoredBlock } from "../../api.ts";
import { RpcError } from "../json-rpc.ts";
import { DEFAULT_PER_PAGE, MAX_PER_PAGE } from "../limits.ts";

/**
 * The height that a call means: the tip by default.
 * @param beyond how far past the tip there is something to report (1 for validator sets).
 * @throws RpcError with CometBFT's texts.
 */
export function resolveHeight(api: NodeApi, height: number | undefined, beyond = 0): number {
  const tip = api.tip?.block.header.height ?? 0;
  if (height === undefined) return tip + beyond;
  if (height <= 0) throw new RpcError("internal", `height must be greater than 0, but got ${height}`);
  if (height > tip + beyond) {
    throw new RpcError(
      "internal",
      `height ${height} must be less than or equal to the current blockchain height ${tip}`,
    );
  }
  if (height < api.earliestHeight) {
    throw new RpcError("internal", `height ${height} is not available, lowest height is ${api.earliestHeight}`);
  }
  return height;
}

/** @throws RpcError when there is no such block, or none yet. */
export function blockAt(api: NodeApi, height: number | undefined): StoredBlock {
  const wanted = resolveHeight(api, height);
  const stored = height === undefined ? api.tip : api.block(wanted);
  if (stored !== undefined) return stored;
  throw new RpcError(
    "internal",
    wanted === 0 ? "no block has been committed yet" : `height ${wanted} is not available`,
  );
}

export type Order = "asc" | "desc";

/** @throws RpcError for another word. */
export function parseOrder(text: string | undefined, unset: Order): Order {
  if (text === undefined || text === "") return unset;
  if (text === "asc" || text === "desc") return text;
  throw new RpcError("internal", "expected order_by to be either `asc` or `desc` or empty");
}

/** Positions of a list of `total` entries that are on the page asked for, `to` exclusive. Pages count from 1. */
export function pageOf(
  total: number,
  page: number | undefined,
  perPage: number | undefined,
): { readonly from: number; readonly to: number } {
  const size = perPage === undefined || perPage < 1 ? DEFAULT_PER_PAGE : Math.min(perPage, MAX_PER_PAGE);
  const pages = Math.max(1, Math.ceil(total / size));
  const wanted = page ?? 1;
  if (wanted < 1 || wanted > pages) {
    throw new RpcError("internal", `page should be within [1, ${pages}] range, given ${wanted}`);
  }
  const from = (wanted - 1) * size;
  return { from, to: Math.min(from + size, total) };
}
