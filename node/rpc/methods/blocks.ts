import { int64 } from "../encoding.ts";
import { RpcError } from "../json-rpc.ts";
import { method } from "../method.ts";
import { renderBlockId, renderBlockResult, renderCommit, renderHeader } from "../render/block.ts";
import { renderFinalizeBlock, renderTxResult } from "../render/tx.ts";
import { renderValidator } from "../render/validator.ts";
import { blockAt, pageOf, resolveHeight } from "./bounds.ts";

/** Headers that `blockchain` answers at once, as in CometBFT. */
const MAX_METAS = 20;

const NO_BLOCK = { block_id: { hash: "", parts: { total: 0, hash: "" } }, block: null };

export const block = method("block", { height: "int?" }, ({ api }, { height }) =>
  renderBlockResult(api, blockAt(api, height)),
);

export const blockByHash = method("block_by_hash", { hash: "base64" }, ({ api }, { hash }) => {
  const stored = api.blockById(hash);
  return stored === undefined ? NO_BLOCK : renderBlockResult(api, stored);
});

export const header = method("header", { height: "int?" }, ({ api }, { height }) => ({
  header: renderHeader(api, blockAt(api, height).block),
}));

export const headerByHash = method("header_by_hash", { hash: "hex" }, ({ api }, { hash }) => {
  const stored = api.blockById(hash);
  return { header: stored === undefined ? null : renderHeader(api, stored.block) };
});

export const blockResults = method("block_results", { height: "int?" }, ({ api }, { height }) => {
  const stored = blockAt(api, height);
  const { events, ...finalized } = renderFinalizeBlock(api, stored);
  return {
    height: int64(stored.block.header.height),
    txs_results: stored.result.txs.length === 0 ? null : stored.result.txs.map(renderTxResult),
    finalize_block_events: events,
    ...finalized,
  };
});

/** Newest first. What is out of range is cut to it; only an empty range is an error. */
export const blockchain = method(
  "blockchain",
  { minHeight: "int?", maxHeight: "int?" },
  ({ api }, { minHeight, maxHeight }) => {
    const tip = api.tip?.block.header.height ?? 0;
    if ((minHeight ?? 0) < 0 || (maxHeight ?? 0) < 0) throw new RpcError("internal", "heights must be non-negative");
    const to = Math.min(maxHeight || tip, tip);
    const from = Math.max(minHeight || 1, api.earliestHeight, to - MAX_METAS + 1);
    if (from > to) throw new RpcError("internal", `min height ${from} can't be greater than max height ${to}`);
    const metas: object[] = [];
    for (let height = to; height >= from; height--) {
      const stored = api.block(height);
      if (stored === undefined) continue;
      metas.push({
        block_id: renderBlockId(stored.blockId),
        block_size: int64(stored.size),
        header: renderHeader(api, stored.block),
        num_txs: int64(stored.block.body.transactions.length),
      });
    }
    return { last_height: int64(tip), block_metas: metas };
  },
);

/** The commit in the next block is the one that all nodes agree on; for the tip it is the one this node saw. */
export const commit = method("commit", { height: "int?" }, ({ api }, { height }) => {
  const stored = blockAt(api, height);
  const next = api.block(stored.block.header.height + 1)?.block.body.lastCommit;
  return {
    signed_header: {
      header: renderHeader(api, stored.block),
      commit: renderCommit(api, next ?? stored.commit, stored.block.header.time),
    },
    canonical: next !== undefined,
  };
});

export const validators = method(
  "validators",
  { height: "int?", page: "int?", per_page: "int?" },
  ({ api }, params) => {
    const height = resolveHeight(api, params.height, 1);
    const rotation = api.rotation(height);
    if (rotation === undefined)
      throw new RpcError("internal", `the validator set of height ${height} is not available`);
    const { from, to } = pageOf(rotation.validators.length, params.page, params.per_page);
    return {
      block_height: int64(height),
      validators: rotation.validators.slice(from, to).map((one, i) => renderValidator(rotation, one, from + i)),
      count: int64(to - from),
      total: int64(rotation.validators.length),
    };
  },
);
