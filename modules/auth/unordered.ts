import { sdkError } from "../../chain/errors.ts";
import type { Context } from "../../chain/module.ts";
import { type DecodedTx, timeoutOf } from "../../chain/tx.ts";
import { heightKey } from "../../state/collections.ts";
import { formatTime } from "../timestamps.ts";
import { authParams } from "./params.ts";
import { unorderedNonces } from "./store.ts";

/** Bounds the work of one block; what it leaves is pruned in the next ones and does no harm meanwhile. */
const MAX_PRUNED_PER_BLOCK = 4096;

/** Rules that need no state. @throws TxError sdk 18 and 30 */
export function checkTimeouts(ctx: Context, tx: DecodedTx): void {
  const { timeoutHeight, unordered } = tx.body;
  const { height, time, params } = ctx.block;
  if (timeoutHeight > 0n && BigInt(height) > timeoutHeight) {
    throw sdkError("txTimeout", `block height: ${height}, timeout height: ${timeoutHeight}`);
  }
  const timeout = timeoutOf(tx.body);
  if (timeout !== undefined && BigInt(time) > timeout) {
    throw sdkError("txTimeout", `block time: ${time} ms, timeout timestamp: ${timeout} ms`);
  }
  if (!unordered) return;
  if (timeout === undefined) {
    throw sdkError("invalidRequest", "unordered transaction must have timeout_timestamp set");
  }
  const { maxUnorderedTtl } = authParams.read(params);
  if (timeout > BigInt(time) + maxUnorderedTtl) {
    throw sdkError("invalidRequest", `unordered tx ttl exceeds ${maxUnorderedTtl} ms after ${formatTime(time)}`);
  }
  if (tx.authInfo.signerInfos.some(({ sequence }) => sequence !== 0n)) {
    throw sdkError("invalidRequest", "sequence is not allowed for unordered transactions");
  }
}

/**
 * Takes the place of an unordered transaction: of one signer no two have the same millisecond of time-out. The transaction's hash would
 * not do, since other signatures give the same transaction another.
 * @throws TxError sdk 18
 */
export function claimNonce(ctx: Context, tx: DecodedTx, signer: Uint8Array, address: string): void {
  const timeout = Number(timeoutOf(tx.body) ?? 0n);
  if (unorderedNonces.has(ctx.store, [timeout, signer])) {
    throw sdkError("invalidRequest", `already used timeout ${timeout} ms for address ${address}`);
  }
  unorderedNonces.set(ctx.store, [timeout, signer], true);
}

/** Forgets nonces of transactions that no block can hold any more. */
export function pruneNonces(ctx: Context): void {
  const before = heightKey.encode(ctx.block.time);
  for (const [key] of unorderedNonces.entries(ctx.store, { before, limit: MAX_PRUNED_PER_BLOCK })) {
    unorderedNonces.delete(ctx.store, key);
  }
}
