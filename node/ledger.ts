import { equalBytes } from "../chain/bytes.ts";
import type { EvidenceView } from "../chain/executor/evidence-checks.ts";
import { messageRegistry } from "../chain/executor/runtime.ts";
import type { BlockInfo, MessageRegistry } from "../chain/module.ts";
import type { Application, Clock } from "../consensus/driver/ports.ts";
import { moduleAddress } from "../modules/auth/keeper.ts";
import { balances } from "../modules/bank/store.ts";
import { openDemands } from "../modules/slashing/amnesia.ts";
import { toByteString } from "../state/byte-strings.ts";
import type { StoredBlock } from "./api.ts";
import { type ApplicationOptions, createApplication } from "./application.ts";
import { type AttestationPoolOptions, createAttestationPool, type NodeAttestationPool } from "./attestation-pool.ts";
import type { EvidenceMessage, VoteEvidence } from "./evidence-message.ts";
import { createEvidencePool, type EvidencePool } from "./evidence-pool.ts";
import type { Logger } from "./log.ts";
import { createMempool, type Mempool, type MempoolOptions } from "./mempool.ts";
import { pendingBlocks } from "./pending-block.ts";
import { readPolkas } from "./polka-store.ts";

/** What the ledger needs; of the rest of the node it knows nothing, so that a simulator can compose it too. */
export interface LedgerOptions extends Pick<ApplicationOptions, "runtime" | "store" | "inline" | "retainBlocks"> {
  readonly verifyInference?: boolean;
  readonly mempool: Pick<MempoolOptions, "maxTxs" | "maxBytes" | "ttlMs" | "now">;
  readonly clock: Pick<Clock, "after">;
  readonly log: Logger;
  readonly onLateCommitment: NonNullable<AttestationPoolOptions["onLateCommitment"]>;
  readonly onLateReveal: NonNullable<AttestationPoolOptions["onLateReveal"]>;
  /** This node has found evidence, or holds what answers a challenge: the others are to hear of it. Repeated while unanswered. */
  readonly onEvidence: (message: EvidenceMessage) => void;
  readonly onExecuted?: NonNullable<ApplicationOptions["onExecuted"]>;
  /** After each commit, once everything can be read and the pools know of it. It must not throw. */
  readonly onCommitted: (block: StoredBlock) => void;
}

/** The state machine of one node with everything that waits for a block: what consensus drives and clients feed. */
export interface Ledger {
  readonly registry: MessageRegistry;
  readonly mempool: Mempool;
  readonly pool: NodeAttestationPool;
  readonly evidence: EvidencePool;
  readonly app: Application;
  /** The block that what waits is checked for. */
  pendingBlock(): BlockInfo;
}

/** @param options its store holds the genesis state at least. */
export function createLedger(options: LedgerOptions): Ledger {
  const { runtime, store, log } = options;
  const registry = messageRegistry(runtime);
  const pendingBlock = pendingBlocks(runtime, store);
  const view = (): EvidenceView => ({ runtime, base: store.latest, time: pendingBlock().time });
  const evidence = createEvidencePool({ view, log });
  const pool = createAttestationPool({
    view: () => ({ block: pendingBlock(), store: store.latest, bls: runtime.bls }),
    onLateCommitment: options.onLateCommitment,
    onLateReveal: options.onLateReveal,
    onEvidence: (found) => options.onEvidence({ kind: "attestation", evidence: found }),
    clock: options.clock,
    log,
  });
  const mempool = createMempool({
    runtime,
    registry,
    latest: () => store.latest,
    block: pendingBlock,
    ...options.mempool,
    // Every fee goes there, and nobody's depends on what is there.
    ignored: new Set([toByteString(balances.storeKey([moduleAddress("fee_collector"), runtime.spec.denom]))]),
    log,
  });

  function found(message: VoteEvidence): void {
    if (evidence.found(message)) options.onEvidence(message);
  }

  /** Whoever is challenged may be unable to answer, so whoever has seen what excuses him does. */
  function answerChallenges(): void {
    for (const { height, blockId, fromRound, toRound } of openDemands(store.latest)) {
      const polka = readPolkas(store, height).find(
        (one) => fromRound <= one.round && one.round <= toRound && equalBytes(one.blockId, blockId),
      );
      if (polka === undefined) continue;
      const answer = { kind: "polka", evidence: polka } as const;
      evidence.found(answer);
      options.onEvidence(answer);
    }
  }

  const app = createApplication({
    runtime,
    registry,
    store,
    mempool,
    sources: {
      select: (context) => pool.select(context),
      evidence: () => evidence.waiting(),
      addDuplicateVote: (pair) => found({ kind: "duplicateVote", evidence: pair }),
      addChallenge: (challenge) => found({ kind: "amnesiaChallenge", evidence: challenge }),
      hasWork: () => pool.hasWork || evidence.count > 0,
    },
    inline: options.inline,
    verifyInference: options.verifyInference === true,
    retainBlocks: options.retainBlocks,
    log,
    ...(options.onExecuted === undefined ? {} : { onExecuted: options.onExecuted }),
    onCommitted(block) {
      evidence.committed(block.block.body.evidence);
      pool.committed();
      answerChallenges();
      options.onCommitted(block);
    },
  });
  return { registry, mempool, pool, evidence, app, pendingBlock };
}
