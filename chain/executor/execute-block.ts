import type { StateStore, StateUpdate } from "../../state/store.ts";
import { headerRoot } from "../block-roots.ts";
import { decodeTx } from "../decode-tx.ts";
import { InvalidBlockError, TxError } from "../errors.ts";
import type { Event, MessageRegistry } from "../module.ts";
import type { Rotation } from "../proposer-rotation.ts";
import type { Block } from "../types/block.ts";
import type { Commit } from "../types/vote.ts";
import { bytesWithoutTransactions, createBlockRoom, MAX_SERIALISED_BLOCK } from "./block-limits.ts";
import { type BlockOutcome, type BlockRun, startBlock } from "./block-run.ts";
import { headerBase, headerDifference, sealHeader } from "./header.ts";
import { carriedLane, type InlineOutcome } from "./inline-lane.ts";
import type { TxResult } from "./receipts.ts";
import type { BlockStart, Runtime } from "./runtime.ts";

/** A block that has been executed and found valid: all that committing it needs. */
export interface ExecutedBlock {
  readonly block: Block;
  /** hash_tree_root of the header. */
  readonly blockId: Uint8Array;
  readonly update: StateUpdate;
  readonly txs: readonly TxResult[];
  /** SHA-256 of each transaction. */
  readonly txHashes: readonly Uint8Array[];
  readonly events: readonly Event[];
  readonly next: Rotation;
  readonly setChanged: boolean;
  readonly inlineOutcomes: readonly InlineOutcome[];
}

/** Puts together what a block that ran to its end leaves behind. */
export function executedBlock(
  block: Block,
  update: StateUpdate,
  txHashes: readonly Uint8Array[],
  { txs, events, next, setChanged, inlineOutcomes }: BlockOutcome,
): ExecutedBlock {
  return { block, blockId: headerRoot(block.header), update, txHashes, txs, events, next, setChanged, inlineOutcomes };
}

function runTransactions(run: BlockRun, block: Block, registry: MessageRegistry, runtime: Runtime): Uint8Array[] {
  const otherBytes = bytesWithoutTransactions(block);
  if (otherBytes > MAX_SERIALISED_BLOCK) {
    throw new InvalidBlockError(
      `${otherBytes} bytes besides transactions, at most ${MAX_SERIALISED_BLOCK} are allowed`,
    );
  }
  const room = createBlockRoom(run.context.block.params, otherBytes);
  return block.body.transactions.map((bytes, index) => {
    const unread = room.problem({ bytes: bytes.length, gasLimit: 0 });
    if (unread !== undefined) throw new InvalidBlockError(`transaction ${index}: ${unread}`);
    try {
      const tx = decodeTx(bytes, registry, runtime.spec);
      const size = { bytes: bytes.length, gasLimit: tx.gasLimit };
      const problem = room.problem(size);
      if (problem !== undefined) throw new InvalidBlockError(`transaction ${index}: ${problem}`);
      run.tx(tx);
      room.take(size);
      return tx.hash;
    } catch (error) {
      if (error instanceof TxError) throw new InvalidBlockError(`transaction ${index}: ${error.message}`);
      throw error;
    }
  });
}

/**
 * Executes a block on the tip of the store and compares every root of its header.
 * @param parent the tip's id and certificate.
 * @throws InvalidBlockError when the block breaks a rule; any other exception is a fault of this node or of the block's
 *   making, which the caller judges (a proposal is then invalid, a decided block stops the node).
 */
export function executeBlock(
  runtime: Runtime,
  registry: MessageRegistry,
  store: StateStore,
  parent: { readonly blockId: Uint8Array; readonly commit: Commit },
  block: Block,
): ExecutedBlock {
  const { header, body } = block;
  const head = headerBase(store.latest, parent.blockId);
  const start: BlockStart = {
    height: header.height,
    time: header.time,
    proposerIndex: header.proposerIndex,
    round: header.round,
    parentId: parent.blockId,
    parentCommit: parent.commit,
    validatorsRoot: head.validatorsRoot,
    paramsRoot: head.paramsRoot,
    randaoReveal: body.randaoReveal,
    lastCommit: body.lastCommit,
    evidence: body.evidence,
  };
  const run = startBlock(runtime, store.latest, start, carriedLane(header.round, body.inlineResults));
  run.begin(body);
  const txHashes = runTransactions(run, block, registry, runtime);
  const outcome = run.finish();
  const update = store.prepare(header.height, outcome.overlay.changes());
  const difference = headerDifference(header, sealHeader(head, start, body, outcome, update.root));
  if (difference !== undefined) throw new InvalidBlockError(difference);
  return executedBlock(block, update, txHashes, outcome);
}
