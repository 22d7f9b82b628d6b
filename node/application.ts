import { headerRoot } from "../chain/block-roots.ts";
import { equalBytes, toHex } from "../chain/bytes.ts";
import { consensusParams } from "../chain/consensus-params.ts";
import { InvalidBlockError } from "../chain/errors.ts";
import type { BlockAttestations } from "../chain/executor/block-run.ts";
import { isGenesis, readParams, readRotation, readTip, readValidators } from "../chain/executor/chain-state.ts";
import type { RecordingContext } from "../chain/executor/context.ts";
import { type ExecutedBlock, executeBlock } from "../chain/executor/execute-block.ts";
import type { InlineOutcome } from "../chain/executor/inline-lane.ts";
import type { Runtime } from "../chain/executor/runtime.ts";
import type { InlineRun, MessageRegistry } from "../chain/module.ts";
import type { Params } from "../chain/params.ts";
import type { Block, CertifiedBlock } from "../chain/types/block.ts";
import type { AmnesiaChallenge, BlockEvidence } from "../chain/types/evidence.ts";
import { ZERO_32 } from "../chain/types/primitives.ts";
import { Commit, type DuplicateVoteEvidence } from "../chain/types/vote.ts";
import type { Application, Execution } from "../consensus/driver/ports.ts";
import { NO_TESTIMONY } from "../consensus/driver/testimony.ts";
import type { StateStore } from "../state/store.ts";
import type { StoredBlock } from "./api.ts";
import { pruneWrites, readCertified, storedBlock } from "./block-store.ts";
import { buildBestBlock } from "./build.ts";
import { createJobPace } from "./job-pace.ts";
import type { Logger } from "./log.ts";
import type { Mempool } from "./mempool.ts";
import { polkaWrites } from "./polka-store.ts";

/** What the proposer takes from besides the mempool. */
export interface BlockSources {
  /** Chooses attestations that the inference module will accept in this block. */
  select(context: RecordingContext): BlockAttestations;
  evidence(): BlockEvidence;
  addDuplicateVote(evidence: DuplicateVoteEvidence): void;
  /** Found at the end of a height, before its block is committed. */
  addChallenge(challenge: AmnesiaChallenge): void;
  hasWork(): boolean;
}

/** This node's own outputs of models that run inline. */
export interface InlineOutputs {
  /** Undefined while there is none: the run is then begun, if this node can run it. */
  output(run: InlineRun): Uint8Array | undefined;
  /**
   * Compares what a block carries with what this node gets, and waits for that as long as `consensus.inferenceBudget` allows.
   * @returns why this node can't vote for the block, or undefined.
   */
  difference(outcomes: readonly InlineOutcome[], budgetMs: number): Promise<string | undefined>;
  /**
   * The same for a block that is decided, where nobody waits: as long as the runs take.
   * @returns why its outputs are not this node's, or undefined.
   */
  dispute(outcomes: readonly InlineOutcome[]): Promise<string | undefined>;
}

/** This node runs models again that others have decided about, and gets something else: its operator has to find out who is wrong. */
export class InferenceDisputeError extends Error {
  constructor(height: number, reason: string) {
    super(
      `block ${height} is decided, and this node does not get its inline outputs: ${reason}. With sync.verifyInference "full" it stops here; ` +
        `assay model check tells of a model's file whether machines may differ, and "certified" takes what more than two thirds of the power have voted for`,
    );
    this.name = "InferenceDisputeError";
  }
}

export interface ApplicationOptions {
  readonly runtime: Runtime;
  readonly registry: MessageRegistry;
  readonly store: StateStore;
  readonly mempool: Mempool;
  readonly sources: BlockSources;
  readonly inline: InlineOutputs;
  /** Whether inline outputs of decided blocks are computed again before they are committed. */
  readonly verifyInference?: boolean;
  /** Blocks kept, counted from the tip; 0 keeps all. */
  readonly retainBlocks: number;
  readonly log: Logger;
  /** After each execution of a block, built or received. */
  readonly onExecuted?: (seconds: number) => void;
  /** After each commit, once everything can be read. It must not throw: the block is committed. */
  readonly onCommitted: (block: StoredBlock) => void;
}

/** Proposals of one height that are kept executed. More than one a round is a Byzantine proposer's doing. */
const MAX_EXECUTED = 8;

/** Puts the executor, the mempool and the stores behind the port that consensus drives. */
export function createApplication(options: ApplicationOptions): Application {
  const { runtime, registry, store, mempool, sources, log } = options;
  const executed = new Map<string, ExecutedBlock>();
  const pace = createJobPace(store.latest);
  let params: Params = readParams(store.latest);
  let tip = readStoredTip();

  function readStoredTip(): Application["tip"] & { readonly commit: Commit } {
    const { height, time } = readTip(store.latest);
    if (isGenesis(store.latest)) return { height, time, blockId: ZERO_32, commit: Commit.defaultValue() };
    const stored = readCertified(store, height); // A restored state has no results of its block.
    if (stored === undefined) throw new Error(`the database holds the state of height ${height} but not its block`);
    return { height, time, blockId: stored.commit.blockId, commit: stored.commit };
  }

  function timed<T>(work: () => T): T {
    const begun = performance.now();
    const result = work();
    options.onExecuted?.((performance.now() - begun) / 1000);
    return result;
  }

  function remember(block: ExecutedBlock): void {
    if (executed.size >= MAX_EXECUTED) {
      const oldest = executed.keys().next().value;
      if (oldest !== undefined) executed.delete(oldest);
    }
    executed.set(toHex(block.blockId), block);
  }

  /** Executes a block unless that is done. @returns why it is invalid */
  function run(block: Block): string | undefined {
    if (executed.has(toHex(headerRoot(block.header)))) return undefined;
    try {
      remember(timed(() => executeBlock(runtime, registry, store, tip, block)));
      return undefined;
    } catch (error) {
      if (error instanceof InvalidBlockError) return error.reason;
      // A proposal that makes the state transition throw is invalid, whatever it threw: others must not be stopped by it.
      log.error({ err: error, height: block.header.height }, "a proposal made the state transition throw");
      return `execution failed: ${String(error)}`;
    }
  }

  return {
    spec: runtime.spec,
    get tip() {
      return tip;
    },
    get tipCommit() {
      return tip.commit;
    },
    get params() {
      return params;
    },
    rotation(height) {
      if (height === tip.height + 1) return readRotation(store.latest);
      const validators = readValidators(store.latest, height);
      return validators === undefined ? undefined : { validators, priorities: validators.map(() => 0n) };
    },
    async build(request) {
      const start = { ...request, parentId: tip.blockId, parentCommit: tip.commit };
      const block = timed(() =>
        buildBestBlock({ runtime, store, mempool, sources, inline: options.inline, log }, start, pace.room),
      );
      remember(block);
      return block.block;
    },
    async execute(block): Promise<Execution> {
      const invalid = run(block);
      if (invalid !== undefined) return { kind: "invalid", reason: invalid };
      const outcomes = executed.get(toHex(headerRoot(block.header)))?.inlineOutcomes ?? [];
      if (outcomes.length === 0) return { kind: "ok" };
      const budget = Number(consensusParams.read(params).inferenceBudget);
      const reason = await options.inline.difference(outcomes, budget);
      if (reason === undefined) return { kind: "ok" };
      log.warn({ height: block.header.height, reason }, "an inline output of a proposal is not this node's");
      return { kind: "inferenceDiffers", reason };
    },
    async commit({ block, commit }, { polkas, challenges } = NO_TESTIMONY) {
      const id = headerRoot(block.header);
      if (!equalBytes(id, commit.blockId)) throw new Error("the certificate is not of the block it came with");
      const result = executed.get(toHex(id)) ?? timed(() => executeBlock(runtime, registry, store, tip, block));
      const { height, time } = block.header;
      if (options.verifyInference === true && result.inlineOutcomes.length > 0) {
        const reason = await options.inline.dispute(result.inlineOutcomes);
        if (reason !== undefined) throw new InferenceDisputeError(height, reason);
      }
      const pruned = pruneWrites(store, height, options.retainBlocks);
      const { writes, stored } = storedBlock(result, commit);
      await store.commit(result.update, [...writes, ...pruned, ...polkaWrites(store, height, polkas)]);
      executed.clear();
      const { events, txs } = stored.result;
      pace.committed([...events, ...txs.flatMap((tx) => tx.events)], store.latest);
      params = readParams(store.latest);
      tip = { height, time, blockId: id, commit };
      mempool.committed(result.txHashes);
      for (const challenge of challenges) sources.addChallenge(challenge);
      options.onCommitted(stored);
    },
    hasWork: () => mempool.count > 0 || sources.hasWork(),
    certifiedBlock: (height): CertifiedBlock | undefined => readCertified(store, height),
    addEvidence: (evidence) => sources.addDuplicateVote(evidence),
    addChallenge: (challenge) => sources.addChallenge(challenge),
  };
}
