import { headerRoot } from "../chain/block-roots.ts";
import { equalBytes, toHex } from "../chain/bytes.ts";
import { InvalidBlockError } from "../chain/errors.ts";
import type { BlockAttestations } from "../chain/executor/block-run.ts";
import { isGenesis, readParams, readRotation, readTip, readValidators } from "../chain/executor/chain-state.ts";
import type { RecordingContext } from "../chain/executor/context.ts";
import { type ExecutedBlock, executeBlock } from "../chain/executor/execute-block.ts";
import type { Runtime } from "../chain/executor/runtime.ts";
import type { MessageRegistry } from "../chain/module.ts";
import type { Params } from "../chain/params.ts";
import type { CertifiedBlock } from "../chain/types/block.ts";
import type { AmnesiaChallenge, BlockEvidence } from "../chain/types/evidence.ts";
import { ZERO_32 } from "../chain/types/primitives.ts";
import { Commit, type DuplicateVoteEvidence } from "../chain/types/vote.ts";
import type { Application, Execution } from "../consensus/driver/ports.ts";
import { NO_TESTIMONY } from "../consensus/driver/testimony.ts";
import type { StateStore } from "../state/store.ts";
import type { StoredBlock } from "./api.ts";
import { pruneWrites, readCertified, storedBlock } from "./block-store.ts";
import { buildBestBlock } from "./build.ts";
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

export interface ApplicationOptions {
  readonly runtime: Runtime;
  readonly registry: MessageRegistry;
  readonly store: StateStore;
  readonly mempool: Mempool;
  readonly sources: BlockSources;
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
      const block = timed(() => buildBestBlock({ runtime, store, mempool, sources, log }, start));
      remember(block);
      return block.block;
    },
    execute(block): Promise<Execution> {
      if (executed.has(toHex(headerRoot(block.header)))) return Promise.resolve({ kind: "ok" });
      try {
        remember(timed(() => executeBlock(runtime, registry, store, tip, block)));
        return Promise.resolve({ kind: "ok" });
      } catch (error) {
        if (error instanceof InvalidBlockError) return Promise.resolve({ kind: "invalid", reason: error.reason });
        // A proposal that makes the state transition throw is invalid, whatever it threw: others must not be stopped by it.
        log.error({ err: error, height: block.header.height }, "a proposal made the state transition throw");
        return Promise.resolve({ kind: "invalid", reason: `execution failed: ${String(error)}` });
      }
    },
    async commit({ block, commit }, { polkas, challenges } = NO_TESTIMONY) {
      const id = headerRoot(block.header);
      if (!equalBytes(id, commit.blockId)) throw new Error("the certificate is not of the block it came with");
      const result = executed.get(toHex(id)) ?? timed(() => executeBlock(runtime, registry, store, tip, block));
      const { height, time } = block.header;
      const pruned = pruneWrites(store, height, options.retainBlocks);
      const { writes, stored } = storedBlock(result, commit);
      await store.commit(result.update, [...writes, ...pruned, ...polkaWrites(store, height, polkas)]);
      executed.clear();
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
