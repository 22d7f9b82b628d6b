import { InvalidBlockError } from "../../chain/errors.ts";
import { randaoRoot } from "../../chain/executor/randomness.ts";
import { NO_EVIDENCE } from "../../chain/types/evidence.ts";
import { Header } from "../../chain/types/header.ts";
import type { DuplicateVoteEvidence } from "../../chain/types/vote.ts";
import type { StoredBlock } from "../../node/api.ts";
import { type BlockSources, createApplication, type InlineOutputs } from "../../node/application.ts";
import { NO_INLINE_RUNS } from "../../node/inline/inline-runs.ts";
import { createMempool } from "../../node/mempool.ts";
import { pendingBlocks } from "../../node/pending-block.ts";
import type { StateStore } from "../../state/store.ts";
import { certify, GENESIS_TIME, KEYS, registry, runtime, SPEC, type TxOptions, txBytes } from "../chain/toy-chain.ts";
import { silentLog } from "./silent-log.ts";

export interface ToyNodeOptions {
  readonly store: StateStore;
  readonly retainBlocks?: number;
  readonly select?: BlockSources["select"];
  readonly inline?: InlineOutputs;
  readonly verifyInference?: boolean;
}

/** An application over the toy chain, with a proposer that makes blocks of what is in its mempool. */
export function toyNode({
  store,
  retainBlocks = 0,
  select,
  inline = NO_INLINE_RUNS,
  verifyInference = false,
}: ToyNodeOptions) {
  const log = silentLog();
  const evidence: DuplicateVoteEvidence[] = [];
  const committed: StoredBlock[] = [];
  const mempool = createMempool({
    runtime,
    registry,
    latest: () => store.latest,
    block: pendingBlocks(runtime, store),
    maxTxs: 10_000,
    maxBytes: 10_000_000,
    log,
  });
  const app = createApplication({
    runtime,
    registry,
    store,
    mempool,
    sources: {
      select: select ?? (() => ({ duplicateAttestations: [], commitments: [], reveals: [], outputs: [] })),
      evidence: () => ({ ...NO_EVIDENCE, duplicateVotes: evidence }),
      addDuplicateVote: (found) => void evidence.push(found),
      addChallenge: () => undefined,
      hasWork: () => evidence.length > 0,
    },
    inline,
    verifyInference,
    retainBlocks,
    log,
    onCommitted: (block) => void committed.push(block),
  });
  function build(proposerIndex = 0) {
    const height = app.tip.height + 1;
    const key = KEYS[proposerIndex];
    if (key === undefined) throw new InvalidBlockError("no such validator");
    const randaoReveal = key.sign(randaoRoot(height, SPEC.genesisRoot));
    const time = GENESIS_TIME + 1000 * height;
    return app.build({ height, round: 0, time, proposerIndex, lastCommit: app.tipCommit, randaoReveal });
  }
  /** Builds a block of these and what waits, commits it, and gives it with its certificate. */
  async function advance(...transactions: readonly TxOptions[]) {
    for (const one of transactions) {
      const { code, log: reason } = mempool.add(txBytes(one));
      if (code !== 0) throw new Error(reason);
    }
    const block = await build();
    const certified = { block, commit: certify(block) };
    await app.commit(certified);
    return { ...certified, blockId: Header.hashTreeRoot(block.header) };
  }
  return { app, mempool, evidence, committed, log, store, build, advance };
}
