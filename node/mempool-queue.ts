import { toHex } from "../chain/bytes.ts";
import type { DecodedTx } from "../chain/tx.ts";
import type { Checked } from "./mempool-check.ts";

/** A transaction that waits. */
export interface Waiting {
  readonly id: string;
  readonly tx: DecodedTx;
  /** Its first signer. */
  readonly account: string;
  /** Whose turns it takes. */
  readonly sender: string;
  /** Fee by gas, in billionths of a base unit, rounded down. */
  readonly price: bigint;
  /** Counts arrivals; one that takes another's place has its number. */
  readonly serial: number;
  /** Milliseconds of the node's clock. */
  readonly since: number;
  readonly checked: Checked;
}

/** One that is not checked yet. */
export type Arriving = Omit<Waiting, "checked">;

const PRICE_SCALE = 1_000_000_000n;

export function priceOf({ fee, gasLimit }: DecodedTx, denom: string): bigint {
  const paid = fee.find((coin) => coin.denom === denom)?.amount ?? 0n;
  return (paid * PRICE_SCALE) / BigInt(Math.max(1, gasLimit));
}

export function accountOf({ signers }: DecodedTx): string {
  return toHex(signers[0] ?? new Uint8Array(0));
}

/** An unordered transaction takes nobody's turn, so that it waits for no other. */
export function senderOf(tx: DecodedTx): string {
  return tx.body.unordered ? `${accountOf(tx)}/${toHex(tx.hash)}` : accountOf(tx);
}

/** What its sequence is the turn of; undefined for what can't be replaced by another with the same. */
function turnOf({ tx, sender }: Arriving): string | undefined {
  const sequence = tx.authInfo.signerInfos[0]?.sequence;
  return tx.body.unordered || sequence === undefined ? undefined : `${sender}/${sequence}`;
}

/** Transactions that wait, each sender's in the order in which they came. */
export interface Queue {
  readonly size: number;
  readonly bytes: number;
  has(id: string): boolean;
  of(sender: string): readonly Waiting[];
  /** The one whose turn this would take. */
  atTurnOf(arriving: Arriving): Waiting | undefined;
  countOf(account: string): number;
  add(waiting: Waiting): void;
  /** Puts one in the place of another. */
  replace(old: Waiting, waiting: Waiting): void;
  delete(id: string): Waiting | undefined;
  /** Senders one after the other. */
  all(): Iterable<Waiting>;
  /** Of all senders' last ones, the cheapest, and of equally cheap ones the newest. */
  cheapestLast(): Waiting | undefined;
  /** Best price first; one that comes after a cheaper one of its sender counts as that cheap, so that senders' orders are kept. */
  ordered(): readonly Waiting[];
}

export function createQueue(): Queue {
  const waiting = new Map<string, Waiting>();
  const senders = new Map<string, Waiting[]>();
  const counts = new Map<string, number>();
  const turns = new Map<string, Waiting>();
  let bytes = 0;
  let order: readonly Waiting[] | undefined;

  function changed(one: Waiting, sign: 1 | -1): void {
    bytes += sign * one.tx.bytes.length;
    order = undefined;
    const left = (counts.get(one.account) ?? 0) + sign;
    if (left > 0) counts.set(one.account, left);
    else counts.delete(one.account);
    const turn = turnOf(one);
    if (turn === undefined) return;
    if (sign > 0) turns.set(turn, one);
    else if (turns.get(turn) === one) turns.delete(turn);
  }

  function* all(): Iterable<Waiting> {
    for (const own of senders.values()) yield* own;
  }

  function sorted(): readonly Waiting[] {
    const priced: { readonly one: Waiting; readonly price: bigint }[] = [];
    for (const own of senders.values()) {
      let price = own[0]?.price ?? 0n;
      for (const one of own) {
        if (one.price < price) price = one.price;
        priced.push({ one, price });
      }
    }
    priced.sort((a, b) => (a.price === b.price ? a.one.serial - b.one.serial : a.price > b.price ? -1 : 1));
    return priced.map(({ one }) => one);
  }

  return {
    get size() {
      return waiting.size;
    },
    get bytes() {
      return bytes;
    },
    has: (id) => waiting.has(id),
    of: (sender) => senders.get(sender) ?? [],
    atTurnOf(one) {
      const turn = turnOf(one);
      return turn === undefined ? undefined : turns.get(turn);
    },
    countOf: (account) => counts.get(account) ?? 0,
    add(one) {
      waiting.set(one.id, one);
      const own = senders.get(one.sender);
      if (own === undefined) senders.set(one.sender, [one]);
      else own.push(one);
      changed(one, 1);
    },
    replace(old, one) {
      waiting.delete(old.id);
      waiting.set(one.id, one);
      const own = senders.get(old.sender) ?? [];
      own[own.indexOf(old)] = one;
      changed(old, -1);
      changed(one, 1);
    },
    delete(id) {
      const one = waiting.get(id);
      if (one === undefined) return undefined;
      waiting.delete(id);
      const own = senders.get(one.sender) ?? [];
      own.splice(own.indexOf(one), 1);
      if (own.length === 0) senders.delete(one.sender);
      changed(one, -1);
      return one;
    },
    all,
    cheapestLast() {
      let found: Waiting | undefined;
      for (const own of senders.values()) {
        const last = own.at(-1);
        if (last === undefined) continue;
        const isCheaper = found === undefined || last.price < found.price;
        if (isCheaper || (last.price === found?.price && last.serial > found.serial)) found = last;
      }
      return found;
    },
    ordered() {
      order ??= sorted();
      return order;
    },
  };
}
