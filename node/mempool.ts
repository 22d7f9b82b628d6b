import { toHex } from "../chain/bytes.ts";
import { consensusParams } from "../chain/consensus-params.ts";
import { sha256 } from "../chain/crypto/hash.ts";
import { decodeTx } from "../chain/decode-tx.ts";
import { sdkError, TxError } from "../chain/errors.ts";
import type { Runtime } from "../chain/executor/runtime.ts";
import type { BlockInfo, MessageRegistry } from "../chain/module.ts";
import type { DecodedTx } from "../chain/tx.ts";
import type { StateReader } from "../state/store.ts";
import type { CheckResult } from "./api.ts";
import type { Logger } from "./log.ts";
import { type Checked, createCheckState } from "./mempool-check.ts";
import { type Arriving, accountOf, createQueue, priceOf, senderOf, type Waiting } from "./mempool-queue.ts";

export interface MempoolOptions {
  readonly runtime: Runtime;
  readonly registry: MessageRegistry;
  readonly latest: () => StateReader;
  /** The block that transactions are checked for. */
  readonly block: () => BlockInfo;
  readonly maxTxs: number;
  readonly maxBytes: number;
  /** Milliseconds after which a transaction that no block has taken goes; they wait for ever if not given. */
  readonly ttlMs?: number;
  /** Milliseconds, for `ttlMs`. */
  readonly now?: () => number;
  /** As CheckOptions has it. */
  readonly ignored?: ReadonlySet<string>;
  readonly log: Pick<Logger, "error">;
}

/** Transactions that wait for a block, the best paying first. */
export interface Mempool {
  readonly count: number;
  readonly bytes: number;
  /**
   * Runs the ante step on the state after all waiting transactions. One that pays a tenth more than a waiting one takes its turn, and
   * one for which there is no room takes the place of a cheaper one. Never throws for anything a stranger sent.
   */
  add(bytes: Uint8Array): CheckResult;
  /** What `add` would answer, signatures included; keeps nothing of the transaction. */
  check(bytes: Uint8Array): CheckResult;
  /** Calls back for each transaction that gets in. The returned function unsubscribes. */
  onAdded(listener: (tx: DecodedTx) => void): () => void;
  /** Best price for gas first, each sender's in the order in which they came. */
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

/** What replaces a waiting transaction pays at least so much, in tenths of its price: or changing one's mind would cost others work. */
const REPLACEMENT_TENTHS = 11n;

export function createMempool(options: MempoolOptions): Mempool {
  const { runtime, registry, log, maxTxs, maxBytes, ttlMs = 0, now = () => 0, ignored = new Set() } = options;
  const queue = createQueue();
  const state = createCheckState({ runtime, latest: options.latest, block: options.block, ignored });
  const quarantined = recentSet();
  const included = recentSet();
  const listeners = new Set<(tx: DecodedTx) => void>();
  let serial = 0;
  let isStale = true;

  function fault(id: string, error: unknown): void {
    log.error({ err: error, tx: id }, "a transaction made its check throw");
    queue.delete(id);
    quarantined.add(id);
  }

  /** Applies it, after checking it again where that is due; drops it where its sender has used the sequence or the money elsewhere. */
  function settle(one: Waiting): void {
    try {
      if (state.holds(one.tx, one.checked)) state.apply(one.checked);
      else {
        const checked = state.run(one.tx, "recheck");
        queue.replace(one, { ...one, checked });
        state.apply(checked);
      }
    } catch (error) {
      if (error instanceof TxError) queue.delete(one.id);
      else fault(one.id, error);
    }
  }

  /**
   * PERF: a check is repeated only where what it has read is no longer the same, and no signature is verified again. For all other
   * waiting transactions it is some look-ups.
   */
  function refresh(): void {
    state.reset();
    isStale = false;
    for (const one of [...queue.all()]) settle(one);
  }

  /** After a change among a sender's own. PERF: at most as many checks as one sender may have waiting. */
  function refreshSender(sender: string, gone: readonly Checked[]): void {
    const own = [...queue.of(sender)];
    for (const checked of [...gone, ...own.map((one) => one.checked)]) state.revert(checked);
    for (const one of own) settle(one);
  }

  /** What can be refused before anything is decoded. */
  function checkBytes(bytes: Uint8Array, id: string): void {
    const { maxTxBytes, maxBlockBytes } = consensusParams.read(options.block().params);
    const limit = Math.min(Number(maxTxBytes), Number(maxBlockBytes));
    if (bytes.length > limit) throw sdkError("txTooLarge", `${bytes.length} bytes, at most ${limit}`);
    if (queue.has(id)) throw sdkError("txInMempool", "the transaction is waiting already");
    if (included.has(id)) throw sdkError("txInMempool", "the transaction is in a block already");
    if (quarantined.has(id)) throw sdkError("invalidRequest", "the transaction made a node fail before");
    if (bytes.length > maxBytes) throw full();
  }

  function full(): TxError {
    return sdkError("mempoolFull", `${queue.size} transactions of ${queue.bytes} bytes are waiting`);
  }

  function decode(bytes: Uint8Array): DecodedTx {
    const tx = decodeTx(bytes, registry, runtime.spec);
    const { maxBlockGas } = consensusParams.read(options.block().params);
    if (BigInt(tx.gasLimit) > maxBlockGas) {
      throw sdkError("invalidRequest", `gas limit ${tx.gasLimit} is above the block's ${maxBlockGas}`);
    }
    return tx;
  }

  /** Who has to go for it, if anybody: the cheapest that nothing of its sender comes after. */
  function displaced(one: Arriving): Waiting | undefined {
    const share = Math.ceil(maxTxs / SENDER_SHARE);
    if (queue.countOf(one.account) >= share) {
      throw sdkError("mempoolFull", `${share} transactions of this sender are waiting`);
    }
    const more = one.tx.bytes.length;
    if (queue.size < maxTxs && queue.bytes + more <= maxBytes) return undefined;
    const last = queue.cheapestLast();
    if (last === undefined || last.sender === one.sender || last.price >= one.price) throw full();
    if (queue.bytes - last.tx.bytes.length + more > maxBytes) throw full();
    return last;
  }

  function append(one: Arriving, keep: boolean): Checked {
    const victim = displaced(one);
    const checked = state.run(one.tx, "check");
    if (!keep) return checked;
    if (victim !== undefined) {
      queue.delete(victim.id);
      refreshSender(victim.sender, [victim.checked]);
    }
    queue.add({ ...one, checked });
    state.apply(checked);
    return checked;
  }

  /** Checks it where the other stands, on what comes before that; what comes after is settled anew. */
  function replace(rival: Waiting, one: Arriving, keep: boolean): Checked {
    const own = [...queue.of(one.sender)];
    for (const { checked } of own) state.revert(checked);
    for (const { checked } of own.slice(0, own.indexOf(rival))) state.apply(checked);
    try {
      const checked = state.run(one.tx, "check");
      if (keep) queue.replace(rival, { ...one, serial: rival.serial, checked });
      return checked;
    } finally {
      refreshSender(one.sender, [rival.checked]);
    }
  }

  function admit(bytes: Uint8Array, id: string, keep: boolean): { readonly tx: DecodedTx; readonly gasUsed: number } {
    checkBytes(bytes, id);
    const tx = decode(bytes);
    if (isStale) refresh();
    const price = priceOf(tx, runtime.spec.denom);
    const one = { id, tx, sender: senderOf(tx), account: accountOf(tx), price, serial: serial++, since: now() };
    const rival = queue.atTurnOf(one);
    const wins = rival !== undefined && one.price * 10n >= rival.price * REPLACEMENT_TENTHS && one.price > rival.price;
    // One that does not win is told, like anybody else, which sequence would be next.
    const { gasUsed } = wins ? replace(rival, one, keep) : append(one, keep);
    return { tx, gasUsed };
  }

  function judge(bytes: Uint8Array, keep: boolean): CheckResult {
    const hash = sha256(bytes);
    const id = toHex(hash);
    try {
      const { tx, gasUsed } = admit(bytes, id, keep);
      if (keep) tell(tx);
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

  function dropExpired(): void {
    if (ttlMs === 0) return;
    const before = now() - ttlMs;
    for (const one of [...queue.all()]) if (one.since < before) queue.delete(one.id);
  }

  return {
    get count() {
      return queue.size;
    },
    get bytes() {
      return queue.bytes;
    },
    add: (bytes) => judge(bytes, true),
    check: (bytes) => judge(bytes, false),
    onAdded(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    transactions: () => queue.ordered().map(({ tx }) => tx),
    remove(tx) {
      queue.delete(toHex(tx.hash));
      isStale = true;
    },
    quarantine(tx) {
      const id = toHex(tx.hash);
      queue.delete(id);
      quarantined.add(id);
      isStale = true;
    },
    committed(hashes) {
      for (const hash of hashes) {
        const id = toHex(hash);
        included.add(id);
        queue.delete(id);
      }
      dropExpired();
      refresh();
    },
  };
}
