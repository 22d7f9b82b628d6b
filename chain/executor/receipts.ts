import { utf8 } from "../bytes.ts";
import { sha256 } from "../crypto/hash.ts";
import type { Event } from "../module.ts";
import { EventRecords, Receipts, TxReceipt } from "../types/receipt.ts";

/** What a transaction did, with the log text that receipts leave out. Gas is in units of gas. */
export interface TxResult {
  readonly code: number;
  readonly codespace: string;
  readonly log: string;
  /** Protobuf TxMsgData on success, empty on failure. */
  readonly data: Uint8Array;
  readonly gasWanted: number;
  readonly gasUsed: number;
  readonly events: readonly Event[];
}

/** Events as SSZ keeps them, UTF-8. */
export function eventRecords(events: readonly Event[]): ReturnType<typeof EventRecords.defaultValue> {
  return events.map((event) => ({
    type: utf8(event.type),
    attributes: event.attributes.map(([key, value]) => ({ key: utf8(key), value: utf8(value) })),
  }));
}

const serialized = new WeakMap<TxResult, Uint8Array>();

/** A result without its log, as a serialised TxReceipt. Kept with the result: the header's root is made of it, and a node stores it. */
export function receiptBytes(tx: TxResult): Uint8Array {
  const known = serialized.get(tx);
  if (known !== undefined) return known;
  const { code, data, gasWanted, gasUsed } = tx;
  const events = eventRecords(tx.events);
  const bytes = TxReceipt.serialize({ code, codespace: utf8(tx.codespace), data, gasWanted, gasUsed, events });
  serialized.set(tx, bytes);
  return bytes;
}

/** UTF-16 units that fit the 64 KiB of a receipt's texts whatever they are: three bytes each at most. */
const MAX_TEXT = Math.floor((64 * 1024) / 3);
const MAX_EVENTS = 65_536;
const MAX_ATTRIBUTES = 256;
const MAX_DATA = 1024 * 1024;

/**
 * SSZ writes a list that is too long and refuses to read it back: such a result must never get into a block.
 * @throws Error, which is a bug of the message that made it.
 */
export function checkReceipt(tx: TxResult): void {
  if (tx.data.length > MAX_DATA)
    throw new Error(`a response of ${tx.data.length} bytes, at most ${MAX_DATA} fit a receipt`);
  if (tx.events.length > MAX_EVENTS) throw new Error(`${tx.events.length} events, at most ${MAX_EVENTS} fit a receipt`);
  for (const { type, attributes } of tx.events) {
    if (attributes.length > MAX_ATTRIBUTES) throw new Error(`an event ${type} of ${attributes.length} attributes`);
    const longest = attributes.reduce((most, [key, value]) => Math.max(most, key.length, value.length), type.length);
    if (longest > MAX_TEXT) throw new Error(`an event ${type.slice(0, 100)} with a text of ${longest} characters`);
  }
}

/** The header's `receiptsRoot`. */
export function receiptsRoot(txs: readonly TxResult[], blockEvents: readonly Event[]): Uint8Array {
  return Receipts.hashTreeRoot({
    txs: txs.map((tx) => ({
      code: tx.code,
      gasWanted: tx.gasWanted,
      gasUsed: tx.gasUsed,
      content: sha256(receiptBytes(tx)),
    })),
    blockEvents: sha256(EventRecords.serialize(eventRecords(blockEvents))),
  });
}
