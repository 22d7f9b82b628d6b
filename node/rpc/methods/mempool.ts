import { sha256 } from "../../../chain/crypto/hash.ts";
import type { CheckResult, TxLocation } from "../../api.ts";
import { base64, int64, upperHex } from "../encoding.ts";
import { RpcError } from "../json-rpc.ts";
import { DEFAULT_PER_PAGE, MAX_PER_PAGE } from "../limits.ts";
import { method, type RpcContext } from "../method.ts";
import { renderCheck, renderTxResult } from "../render/tx.ts";

function renderBroadcast(check: CheckResult) {
  return { ...renderCheck(check), hash: upperHex(check.hash) };
}

/** Answers once the mempool has taken or refused the transaction. */
export const broadcastTxSync = method("broadcast_tx_sync", { tx: "base64" }, async ({ api }, { tx }) =>
  renderBroadcast(await api.submitTx(tx)),
);

/** Answers at once; what becomes of the transaction is only logged. */
export const broadcastTxAsync = method("broadcast_tx_async", { tx: "base64" }, ({ api, log }, { tx }) => {
  const hash = sha256(tx);
  api.submitTx(tx).then(
    (check) => {
      if (check.code !== 0) log.debug({ hash, code: check.code, reason: check.log }, "a transaction was refused");
    },
    (error: unknown) => log.error({ hash, err: error }, "submitting a transaction failed"),
  );
  return renderBroadcast({ code: 0, codespace: "", log: "", gasWanted: 0, gasUsed: 0, hash });
});

/** Submits and waits until the transaction is in a block. Undefined when it was refused, or not included in time. */
async function submitAndWait(ctx: RpcContext, tx: Uint8Array) {
  const { api, limits } = ctx;
  const hash = sha256(tx);
  let timer: NodeJS.Timeout | undefined;
  let unsubscribe: (() => void) | undefined;
  try {
    const included = new Promise<TxLocation | undefined>((resolve) => {
      // Subscribed before it is submitted: the block may come before the mempool has answered.
      unsubscribe = api.onCommit(() => {
        const at = api.txByHash(hash);
        if (at !== undefined) resolve(at);
      });
      timer = setTimeout(() => resolve(undefined), limits.commitTimeout);
    });
    const check = await api.submitTx(tx);
    return { check, at: check.code === 0 ? await included : undefined };
  } finally {
    clearTimeout(timer);
    unsubscribe?.();
  }
}

export const broadcastTxCommit = method("broadcast_tx_commit", { tx: "base64" }, async (ctx, { tx }) => {
  const { api, limits } = ctx;
  if (ctx.commitWaiters >= limits.commitWaiters) {
    throw new RpcError(
      "internal",
      `${ctx.commitWaiters} calls of broadcast_tx_commit wait already: use broadcast_tx_sync`,
    );
  }
  ctx.commitWaiters++;
  try {
    const { check, at } = await submitAndWait(ctx, tx);
    const hash = upperHex(check.hash);
    if (check.code !== 0) return { check_tx: renderCheck(check), tx_result: {}, hash, height: "0" };
    const result = at === undefined ? undefined : api.block(at.height)?.result.txs[at.index];
    if (at === undefined || result === undefined) {
      throw new RpcError("internal", `timed out waiting for tx ${hash} to be included in a block`);
    }
    return { check_tx: renderCheck(check), tx_result: renderTxResult(result), hash, height: int64(at.height) };
  } finally {
    ctx.commitWaiters--;
  }
});

/** The mempool's check, signatures included; nothing is kept of the transaction. */
export const checkTx = method("check_tx", { tx: "base64" }, ({ api }, { tx }) => renderCheck(api.checkTx(tx)));

export const numUnconfirmedTxs = method("num_unconfirmed_txs", {}, ({ api }) => {
  const { count, bytes } = api.mempool();
  return { n_txs: int64(count), total: int64(count), total_bytes: int64(bytes), txs: null };
});

export const unconfirmedTxs = method("unconfirmed_txs", { limit: "int?" }, ({ api }, { limit }) => {
  const { count, bytes, txs } = api.mempool();
  const most = limit === undefined || limit < 1 ? DEFAULT_PER_PAGE : Math.min(limit, MAX_PER_PAGE);
  const shown = txs.slice(0, most).map(base64);
  return { n_txs: int64(shown.length), total: int64(count), total_bytes: int64(bytes), txs: shown };
});
