import { toHex } from "../chain/bytes.ts";
import { consensusParams } from "../chain/consensus-params.ts";
import { sha256 } from "../chain/crypto/hash.ts";
import { decodeTx } from "../chain/decode-tx.ts";
import { sdkError, TxError } from "../chain/errors.ts";
import { runAnte } from "../chain/executor/run-tx.ts";
import type { Runtime } from "../chain/executor/runtime.ts";
import type { BlockInfo, MessageRegistry } from "../chain/module.ts";
import type { DecodedTx } from "../chain/tx.ts";
import { createOverlay } from "../state/overlay.ts";
import type { Overlay, StateReader } from "../state/store.ts";
import type { CheckResult } from "./api.ts";
import type { Logger } from "./log.ts";

export interface MempoolOptions {
  readonly runtime: Runtime;
  readonly registry: MessageRegistry;
  readonly latest: () => StateReader;
  /** The block that transactions are checked for. */
  readonly block: () => BlockInfo;
  readonly maxTxs: number;
  readonly maxBytes: number;
  readonly log: Pick<Logger, "error">;
}

/** Transactions that wait for a block, first come, first served. */
export interface Mempool {
  readonly count: number;
  readonly bytes: number;
  /** Runs the ante step on the state after all waiting transactions. Never throws for anything a stranger sent. */
  add(bytes: Uint8Array): CheckResult;
  /** What `add` would answer, signatures included; keeps nothing of the transaction. */
  check(bytes: Uint8Array): CheckResult;
  /** Calls back for each transaction that gets in. The returned function unsubscribes. */
  onAdded(listener: (tx: DecodedTx) => void): () => void;
  /** In the order in which they came. */
  transactions(): readonly DecodedTx[];
  /** Removes a transaction that the next block can't hold. It may come again. */
  remove(tx: DecodedTx): void;
  /** Removes for good, so that it is not taken in again: a transaction that made the state transition throw. */
  quarantine(tx: DecodedTx): void;
  /** After a commit: removes what is in the block and checks the rest again on the new state. */
  committed(hashes: readonly Uint8Array[]): void;
}

/** Hashes of quarantined and of included transactions, so that gossip does not have them checked again. */
const MAX_REMEMBERED = 20_000;
/** One account's part of the places: it can't keep everybody else out. */
const SENDER_SHARE = 4;
/** What a transaction that makes a check throw is answered with: the SDK's code for a fault of the node. */
const INTERNAL = { codespace: "undefined", code: 1, log: "internal error: the transaction could not be checked" };

function recentSet(): { has(id: string): boolean; add(id: string): void } {
  const ids = new Set<string>();
  return {
    has: (id) => ids.has(id),
    add(id) {
      ids.add(id);
      if (ids.size > MAX_REMEMBERED) for (const oldest of ids) if (ids.delete(oldest)) break;
    },
  };
}

/** What waits, with how much of it there is of each sender. */
function waitingTxs() {
  const txs = new Map<string, DecodedTx>();
  const bySender = new Map<string, number>();
  let bytes = 0;
  const senderOf = (tx: DecodedTx): string => toHex(tx.signers[0] ?? new Uint8Array(0));
  const count = (tx: DecodedTx, change: number): void => {
    const left = (bySender.get(senderOf(tx)) ?? 0) + change;
    if (left > 0) bySender.set(senderOf(tx), left);
    else bySender.delete(senderOf(tx));
    bytes += change * tx.bytes.length;
  };
  return {
    txs,
    bytes: () => bytes,
    of: (tx: DecodedTx) => bySender.get(senderOf(tx)) ?? 0,
    add(id: string, tx: DecodedTx) {
      txs.set(id, tx);
      count(tx, 1);
    },
    delete(id: string) {
      const tx = txs.get(id);
      if (tx === undefined) return;
      txs.delete(id);
      count(tx, -1);
    },
  };
}

export function createMempool(options: MempoolOptions): Mempool {
  const { runtime, registry, latest, log, maxTxs, maxBytes } = options;
  const waiting = waitingTxs();
  const quarantined = recentSet();
  const included = recentSet();
  const listeners = new Set<(tx: DecodedTx) => void>();
  let checkState: Overlay | undefined;

  const ante = (state: Overlay, tx: DecodedTx, mode: "check" | "recheck"): number =>
    runAnte({ block: options.block(), bls: runtime.bls, ante: runtime.ante }, state, tx, mode).gas.used;

  function fault(id: string, error: unknown): void {
    log.error({ err: error, tx: id }, "a transaction made its check throw");
    waiting.delete(id);
    quarantined.add(id);
  }

  /** PERF: signatures are not verified again; decoding a transaction happens once, when it comes. */
  function recheck(): Overlay {
    const state = createOverlay(latest());
    for (const [id, tx] of waiting.txs) {
      try {
        ante(state, tx, "recheck");
      } catch (error) {
        // No longer valid on the new state: its sender used the sequence or the money elsewhere.
        if (error instanceof TxError) waiting.delete(id);
        else fault(id, error);
      }
    }
    checkState = state;
    return state;
  }

  /** What can be refused before anything is decoded. */
  function checkPlace(bytes: Uint8Array, id: string): void {
    const { maxTxBytes, maxBlockBytes } = consensusParams.read(options.block().params);
    const limit = Math.min(Number(maxTxBytes), Number(maxBlockBytes));
    if (bytes.length > limit) throw sdkError("txTooLarge", `${bytes.length} bytes, at most ${limit}`);
    if (waiting.txs.has(id)) throw sdkError("txInMempool", "the transaction is waiting already");
    if (included.has(id)) throw sdkError("txInMempool", "the transaction is in a block already");
    if (quarantined.has(id)) throw sdkError("invalidRequest", "the transaction made a node fail before");
    if (waiting.txs.size >= maxTxs || waiting.bytes() + bytes.length > maxBytes) {
      throw sdkError("mempoolFull", `${waiting.txs.size} transactions of ${waiting.bytes()} bytes are waiting`);
    }
  }

  /** @param stateAfter what the ante step writes to, given the state after all waiting transactions. */
  function admit(bytes: Uint8Array, id: string, stateAfter: (state: Overlay) => Overlay) {
    checkPlace(bytes, id);
    const tx = decodeTx(bytes, registry, runtime.spec);
    const { maxBlockGas } = consensusParams.read(options.block().params);
    if (BigInt(tx.gasLimit) > maxBlockGas) {
      throw sdkError("invalidRequest", `gas limit ${tx.gasLimit} is above the block's ${maxBlockGas}`);
    }
    const share = Math.ceil(maxTxs / SENDER_SHARE);
    if (waiting.of(tx) >= share) throw sdkError("mempoolFull", `${share} transactions of this sender are waiting`);
    return { tx, gasUsed: ante(stateAfter(checkState ?? recheck()), tx, "check") };
  }

  function judge(
    bytes: Uint8Array,
    stateAfter: (state: Overlay) => Overlay,
    take: (id: string, tx: DecodedTx) => void,
  ): CheckResult {
    const hash = sha256(bytes);
    const id = toHex(hash);
    try {
      const { tx, gasUsed } = admit(bytes, id, stateAfter);
      take(id, tx);
      return { code: 0, codespace: "", log: "", gasWanted: tx.gasLimit, gasUsed, hash };
    } catch (error) {
      const refusal = { gasWanted: 0, gasUsed: 0, hash };
      if (error instanceof TxError) {
        return { code: error.code, codespace: error.codespace, log: error.message, ...refusal };
      }
      fault(id, error);
      return { ...INTERNAL, ...refusal };
    }
  }

  function tell(tx: DecodedTx): void {
    for (const listener of listeners) {
      try {
        listener(tx);
      } catch (error) {
        log.error({ err: error }, "a listener of the mempool failed");
      }
    }
  }

  return {
    get count() {
      return waiting.txs.size;
    },
    get bytes() {
      return waiting.bytes();
    },
    add: (bytes) =>
      judge(
        bytes,
        (state) => state,
        (id, tx) => {
          waiting.add(id, tx);
          tell(tx);
        },
      ),
    check: (bytes) => judge(bytes, createOverlay, () => undefined),
    onAdded(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    transactions: () => [...waiting.txs.values()],
    remove(tx) {
      waiting.delete(toHex(tx.hash));
      checkState = undefined;
    },
    quarantine(tx) {
      const id = toHex(tx.hash);
      waiting.delete(id);
      quarantined.add(id);
      checkState = undefined;
    },
    committed(hashes) {
      for (const hash of hashes) {
        const id = toHex(hash);
        included.add(id);
        waiting.delete(id);
      }
      recheck();
    },
  };
}
