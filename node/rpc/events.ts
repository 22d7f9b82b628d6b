import { setImmediate } from "node:timers/promises";
import { sha256 } from "../../chain/crypto/hash.ts";
import type { Event } from "../../chain/module.ts";
import type { NodeApi, StoredBlock } from "../api.ts";
import { base64, int64, upperHex } from "./encoding.ts";
import type { EventValues } from "./query-match.ts";
import { renderBlock, renderBlockId, renderHeader } from "./render/block.ts";
import { renderFinalizeBlock, renderTxResult } from "./render/tx.ts";

/** Something clients may subscribe to. `data` and `values` are JSON text, made once however many clients it goes to. */
export interface ChainEvent {
  readonly events: EventValues;
  data(): string;
  values(): string;
}

/** Event kinds, under the key `tm.event`. */
export type EventKind = "NewBlock" | "NewBlockHeader" | "Tx";
export const EVENT_KINDS: readonly EventKind[] = ["NewBlock", "NewBlockHeader", "Tx"];

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function valuesOf(kind: EventKind, own: readonly (readonly [string, string])[], events: readonly Event[]): EventValues {
  const values = new Map<string, string[]>([["tm.event", [kind]]]);
  const add = (key: string, value: string) => {
    const known = values.get(key);
    if (known === undefined) values.set(key, [value]);
    else known.push(value);
  };
  for (const [key, value] of own) add(key, value);
  for (const { type, attributes } of events) for (const [key, value] of attributes) add(`${type}.${key}`, value);
  return values;
}

function chainEvent(kind: EventKind, events: EventValues, value: () => object): ChainEvent {
  return {
    events,
    data: once(() => JSON.stringify({ type: `tendermint/event/${kind}`, value: value() })),
    values: once(() => JSON.stringify(Object.fromEntries(events))),
  };
}

function newBlock(api: NodeApi, stored: StoredBlock): ChainEvent {
  const { header } = stored.block;
  return chainEvent(
    "NewBlock",
    valuesOf("NewBlock", [["block.height", int64(header.height)]], stored.result.events),
    () => {
      const finalized = renderFinalizeBlock(api, stored);
      return {
        block: renderBlock(api, stored),
        block_id: renderBlockId(stored.blockId),
        result_finalize_block: { ...finalized, tx_results: stored.result.txs.map(renderTxResult) },
      };
    },
  );
}

function newBlockHeader(api: NodeApi, stored: StoredBlock): ChainEvent {
  const own = [["block.height", int64(stored.block.header.height)]] as const;
  return chainEvent("NewBlockHeader", valuesOf("NewBlockHeader", own, stored.result.events), () => ({
    header: renderHeader(api, stored.block),
  }));
}

function newTx(stored: StoredBlock, index: number): ChainEvent | undefined {
  const tx = stored.block.body.transactions[index];
  const result = stored.result.txs[index];
  if (tx === undefined || result === undefined) return undefined;
  const height = int64(stored.block.header.height);
  const own = [
    ["tx.hash", upperHex(sha256(tx))],
    ["tx.height", height],
  ] as const;
  return chainEvent("Tx", valuesOf("Tx", own, result.events), () => ({
    TxResult: { height, index, tx: base64(tx), result: renderTxResult(result) },
  }));
}

/** The events of a block in the order they are sent: the block, its header, its transactions. Only kinds that are wanted are made. */
export function* eventsOf(api: NodeApi, stored: StoredBlock, wanted: ReadonlySet<EventKind>): Iterable<ChainEvent> {
  if (wanted.has("NewBlock")) yield newBlock(api, stored);
  if (wanted.has("NewBlockHeader")) yield newBlockHeader(api, stored);
  if (!wanted.has("Tx")) return;
  for (let index = 0; index < stored.block.body.transactions.length; index++) {
    const event = newTx(stored, index);
    if (event !== undefined) yield event;
  }
}

export interface EventFeed {
  /** Stops listening to the node. */
  close(): void;
}

/** Conditions checked before the rest of the node gets its turn: about a millisecond. */
const TURN = 5000;

export interface EventSink {
  /** What any subscription could match now. */
  wanted(): ReadonlySet<EventKind>;
  /** @returns how many conditions were checked. */
  publish(event: ChainEvent): number;
  /** Events have been lost: whoever waits for them must know. */
  fellBehind(): void;
}

/**
 * Feeds the events of committed blocks to a sink, in order, outside the commit itself: with many subscriptions a large
 * block is millions of comparisons.
 */
export function startEventFeed(
  api: NodeApi,
  sink: EventSink,
  options: { readonly backlog: number; readonly onError: (error: unknown) => void },
): EventFeed {
  const waiting: StoredBlock[] = [];
  let running = false;
  let closed = false;

  const run = async () => {
    await setImmediate();
    let spent = 0;
    for (let stored = waiting.shift(); stored !== undefined && !closed; stored = waiting.shift()) {
      for (const event of eventsOf(api, stored, sink.wanted())) {
        spent += 1 + sink.publish(event);
        if (spent < TURN) continue;
        spent = 0;
        await setImmediate();
      }
    }
    running = false;
  };

  const unsubscribe = api.onCommit((stored) => {
    if (sink.wanted().size === 0) return;
    if (waiting.length >= options.backlog) {
      waiting.length = 0;
      sink.fellBehind();
      return;
    }
    waiting.push(stored);
    if (running) return;
    running = true;
    run().then(
      () => {},
      (error: unknown) => {
        running = false;
        options.onError(error);
      },
    );
  });
  return {
    close() {
      closed = true;
      unsubscribe();
    },
  };
}
