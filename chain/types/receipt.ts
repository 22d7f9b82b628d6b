import { ByteListType, ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { MAX_TXS_PER_BLOCK } from "./limits.ts";
import { Uint32, Uint64 } from "./primitives.ts";

const Text = new ByteListType(64 * 1024);

/** One attribute of an event, UTF-8. */
export const EventAttribute = new ContainerType({ key: Text, value: Text }, { typeName: "EventAttribute" });
export const EventRecord = new ContainerType(
  { type: Text, attributes: new ListCompositeType(EventAttribute, 256) },
  { typeName: "EventRecord" },
);
export const EventRecords = new ListCompositeType(EventRecord, 65536);

/**
 * What a transaction did, as committed to by the header's `receiptsRoot`. The log text is kept beside it for people
 * and is no part of it: a wording may change between releases.
 */
export const TxReceipt = new ContainerType(
  {
    code: Uint32,
    codespace: Text,
    data: new ByteListType(1024 * 1024),
    gasWanted: Uint64,
    gasUsed: Uint64,
    events: EventRecords,
  },
  { typeName: "TxReceipt" },
);
export type TxReceipt = ValueOf<typeof TxReceipt>;

/** `blockEvents` are those of the begin and end of the block. */
export const Receipts = new ContainerType(
  { txs: new ListCompositeType(TxReceipt, MAX_TXS_PER_BLOCK), blockEvents: EventRecords },
  { typeName: "Receipts" },
);
export type Receipts = ValueOf<typeof Receipts>;
