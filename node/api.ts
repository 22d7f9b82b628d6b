import type { TxResult } from "../chain/executor/receipts.ts";
import type { ChainSpec, Event } from "../chain/module.ts";
import type { Params } from "../chain/params.ts";
import type { Rotation } from "../chain/proposer-rotation.ts";
import type { Block } from "../chain/types/block.ts";
import type { LightClientAttackEvidence } from "../chain/types/evidence.ts";
import type { Validator } from "../chain/types/validator.ts";
import type { Commit } from "../chain/types/vote.ts";
import type { StateProof } from "../state/store.ts";
import type { Uploads } from "./blobs/uploads.ts";

export type { TxResult };

export interface BlockResult {
  readonly txs: readonly TxResult[];
  /** Events of the begin and end of the block. */
  readonly events: readonly Event[];
  /** The set that votes from the next height on, when this block changed it. */
  readonly validatorUpdates: readonly Validator[];
}

export interface StoredBlock {
  readonly blockId: Uint8Array;
  readonly block: Block;
  /** The certificate for this block. */
  readonly commit: Commit;
  readonly result: BlockResult;
  /** Length of the serialised block. */
  readonly size: number;
}

export interface TxLocation {
  readonly height: number;
  readonly index: number;
}

/** Whether a transaction got into the mempool. `code` 0 says yes. */
export interface CheckResult {
  readonly code: number;
  readonly codespace: string;
  readonly log: string;
  readonly gasWanted: number;
  readonly gasUsed: number;
  readonly hash: Uint8Array;
}

export interface PeerInfo {
  readonly peerId: string;
  readonly address: string;
  readonly outbound: boolean;
  readonly score: number;
}

export interface QueryAnswer {
  readonly value: Uint8Array;
  readonly height: number;
}

/**
 * Everything the outside of a node (RPC, REST, CLI, metrics) may ask of its inside. Heights default to the tip.
 * Methods that return undefined mean: not known here, or pruned.
 */
export interface NodeApi {
  readonly moniker: string;
  readonly version: string;
  /** libp2p peer id and listen address. */
  readonly peerId: string;
  readonly listenAddress: string;
  readonly spec: ChainSpec;
  /** The genesis document as JSON value. */
  readonly genesis: unknown;
  readonly genesisTime: number;
  readonly earliestHeight: number;
  readonly tip: StoredBlock | undefined;
  readonly catchingUp: boolean;
  /** This node's validator, if its vote key is in the set of the next block. */
  readonly ownValidator: Validator | undefined;
  readonly ownIdentityKey: Uint8Array | undefined;
  params(height?: number): Params | undefined;
  block(height: number): StoredBlock | undefined;
  blockById(blockId: Uint8Array): StoredBlock | undefined;
  txByHash(hash: Uint8Array): TxLocation | undefined;
  /** The set that votes on `height` (tip + 1 at most). */
  rotation(height: number): Rotation | undefined;
  /** Throws QueryError; for an unknown path GRPC.unimplemented. */
  query(path: string, request: Uint8Array, height?: number): QueryAnswer;
  /** Reads a raw key of the state with a proof against the state root of `height`. */
  proveKey(key: Uint8Array, height?: number): { readonly proof: StateProof; readonly height: number } | undefined;
  /** Runs a transaction on the tip without signature checks. Throws TxError. */
  simulate(tx: Uint8Array): { readonly gasUsed: number; readonly result: TxResult };
  submitTx(tx: Uint8Array): Promise<CheckResult>;
  /** What `submitTx` would answer; keeps nothing of the transaction and tells nobody. */
  checkTx(tx: Uint8Array): CheckResult;
  /**
   * Takes evidence of an attack on light clients; if it holds, validators answer for it in a block to come.
   * `ignored`: known already, or of no use on this chain; `refused`: it proves nothing.
   */
  submitAttack(evidence: LightClientAttackEvidence): "accepted" | "ignored" | "refused";
  /** Takes models' bytes into the blob store, from where peers fetch them. */
  readonly uploads: Pick<Uploads, "status" | "open" | "put">;
  mempool(): { readonly count: number; readonly bytes: number; readonly txs: readonly Uint8Array[] };
  peers(): readonly PeerInfo[];
  /** Calls back after each commit, once the block and its transactions can be queried. The returned function unsubscribes. */
  onCommit(listener: (block: StoredBlock) => void): () => void;
  /** Heights of blocks, or locations of transactions, whose indexed events hold `type.key = value`; ascending. */
  searchTxs(conditions: readonly EventCondition[]): Promise<readonly TxLocation[]>;
}

/** `tx.height`, `tx.hash` and `message.action` style conditions of the query language. */
export interface EventCondition {
  /** `<event type>.<attribute key>`, or `tx.height`, `tx.hash`. */
  readonly key: string;
  readonly op: "=" | "<" | "<=" | ">" | ">=" | "CONTAINS" | "EXISTS";
  readonly value: string;
}
