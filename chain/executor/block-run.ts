import { createOverlay } from "../../state/overlay.ts";
import type { Overlay, StateReader, StateWriter } from "../../state/store.ts";
import { consensusParams } from "../consensus-params.ts";
import type { BlockInfo, Event } from "../module.ts";
import type { Params } from "../params.ts";
import { advanceRotation, type Rotation, updateRotation } from "../proposer-rotation.ts";
import type { DecodedTx } from "../tx.ts";
import type { Body } from "../types/block.ts";
import type { Validator } from "../types/validator.ts";
import { checkLastCommit, checkStart } from "./block-checks.ts";
import { pruneHeights, readRotation, writeDecision, writeHeight, writeRotation, writeTip } from "./chain-state.ts";
import { createContext, type RecordingContext } from "./context.ts";
import { checkEvidence } from "./evidence-checks.ts";
import { type BlockLane, type InlineOutcome, NO_LANE } from "./inline-lane.ts";
import { checkReceipt, type TxResult } from "./receipts.ts";
import { runTx } from "./run-tx.ts";
import type { BlockStart, Runtime } from "./runtime.ts";

export type BlockAttestations = Pick<Body, "duplicateAttestations" | "commitments" | "reveals" | "outputs">;

export interface BlockOutcome {
  readonly overlay: Overlay;
  readonly txs: readonly TxResult[];
  readonly events: readonly Event[];
  /** Who votes from the next height on. */
  readonly next: Rotation;
  readonly setChanged: boolean;
  readonly inlineOutcomes: readonly InlineOutcome[];
}

/** A block under way. Each step throws InvalidBlockError when a rule is broken; after that the run is of no use. */
export interface BlockRun {
  /** What the modules hold before anything of this block has been applied, for choosing what goes into it. */
  readonly context: RecordingContext;
  begin(attestations: BlockAttestations): void;
  /**
   * Runs a transaction that fits (block-limits.ts).
   * @throws TxError when it can't be in this block.
   */
  tx(tx: DecodedTx): TxResult;
  /**
   * The same for a proposer, who leaves out what throws: the run goes on without it, and nothing of it is left.
   * @throws TxError when it can't be in this block, RunPendingError when it has to wait for a later one.
   */
  attempt(tx: DecodedTx): TxResult;
  finish(): BlockOutcome;
}

/** At most this many height records are pruned with each block: more than the one that is added. */
const PRUNE_PER_BLOCK = 2;

/** Applies what the block decided about validators: the height's record, the next set, its rotation. */
function finishValidators(overlay: Overlay, start: BlockStart, desired: readonly Validator[] | undefined): Rotation {
  const current = readRotation(overlay);
  const updated = desired === undefined ? current : updateRotation(current, desired);
  const next = advanceRotation(updated, 1);
  const { time, validatorsRoot, paramsRoot, parentId, lastCommit } = start;
  writeHeight(overlay, start.height, { time, validatorsRoot, paramsRoot });
  if (lastCommit.height > 0) {
    writeDecision(overlay, start.height - 1, {
      blockId: parentId,
      round: lastCommit.round,
      signers: lastCommit.signers,
    });
  }
  writeRotation(overlay, start.height, next);
  return next;
}

function pruneOld(overlay: Overlay, params: Params, height: number, time: number): void {
  const { evidenceMaxAgeBlocks, evidenceMaxAgeTime } = consensusParams.read(params);
  const before = { height: height - Number(evidenceMaxAgeBlocks), time: time - Number(evidenceMaxAgeTime) };
  pruneHeights(overlay, height, before, PRUNE_PER_BLOCK);
}

/**
 * Starts a block on the committed state `base`, which it never writes to.
 * @throws InvalidBlockError
 */
export function startBlock(runtime: Runtime, base: StateReader, start: BlockStart, inline: BlockLane): BlockRun {
  const block: BlockInfo = { ...checkStart(runtime, base, start), inline };
  const lastCommit = checkLastCommit(runtime, base, start);
  const evidence = checkEvidence({ runtime, base, time: start.time }, start.evidence);
  const overlay = createOverlay(base);
  // Models run for transactions alone: what runs at the begin and the end of a block can't wait for a later one.
  const around: BlockInfo = { ...block, inline: { ...NO_LANE, demoted: inline.demoted } };
  const context = createContext(around, overlay, runtime.bls);
  const results: TxResult[] = [];

  function deliver(store: StateWriter, tx: DecodedTx): TxResult {
    const result = runTx({ block, bls: runtime.bls, ante: runtime.ante }, store, tx, "deliver");
    checkReceipt(result);
    results.push(result);
    return result;
  }

  return {
    context,
    begin({ duplicateAttestations, commitments, reveals, outputs }) {
      const input = { lastCommit, ...evidence, duplicateAttestations, commitments, reveals, outputs };
      for (const module of runtime.modules) module.beginBlock?.(context, input);
    },
    tx: (tx) => deliver(overlay, tx),
    attempt(tx) {
      const undo = inline.mark();
      const attempted = createOverlay(overlay);
      try {
        const result = deliver(attempted, tx);
        attempted.flush();
        return result;
      } catch (error) {
        undo();
        throw error;
      }
    },
    finish() {
      inline.close();
      let desired: readonly Validator[] | undefined;
      const gasWanted = results.reduce((sum, result) => sum + BigInt(result.gasWanted), 0n);
      for (const module of runtime.modules) desired = module.endBlock?.(context, gasWanted) ?? desired;
      const next = finishValidators(overlay, start, desired);
      writeTip(overlay, { height: start.height, time: start.time, beacon: block.beacon });
      pruneOld(overlay, block.params, start.height, start.time);
      return {
        overlay,
        txs: results,
        events: context.events,
        next,
        setChanged: desired !== undefined,
        inlineOutcomes: inline.outcomes,
      };
    },
  };
}
