import { ByteListType, ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { MAX_TXS_PER_BLOCK } from "./limits.ts";
import { Bytes32, Uint32, Uint64 } from "./primitives.ts";

const Text = new ByteListType(64 * 1024);

/** One attribute of an event, UTF-8. */
export const EventAttribute = new ContainerType({ key: Text, value: Text }, { typeName: "EventAttribute" });
export const EventRecord = new ContainerType(
  { type: Text, attributes: new ListCompositeType(EventAttribute, 256) },
  { typeName: "EventRecord" },
);
export const EventRecords = new ListCompositeType(EventRecord, 65536);

/**
 * What a transaction did. The log text is kept beside it for people and is no part of it: a wording may change between
 * releases.
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

/**
 * What the header commits to of a transaction: the fields that a contract would ask for, each with its own branch, and
 * the SHA-256 of the serialised TxReceipt for the rest.
 * PERF: merkleising every event text costs a thousand hashes a transaction, a flat hash of all of them about ten.
 */
export const ReceiptLeaf = new ContainerType(
  { code: Uint32, gasWanted: Uint64, gasUsed: Uint64, content: Bytes32 },
  { typeName: "ReceiptLeaf" },
);

/** What `receiptsRoot` is the root of. `blockEvents` is the SHA-256 of the serialised events of the block's begin and end. */
export const Receipts = new ContainerType(
  { txs: new ListCompositeType(ReceiptLeaf, MAX_TXS_PER_BLOCK), blockEvents: Bytes32 },
  { typeName: "Receipts" },
);
