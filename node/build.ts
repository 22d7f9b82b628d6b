import { toHex } from "../chain/bytes.ts";
import {
  type BlockContents,
  type BuiltBlock,
  buildBlock,
  SelectionFault,
  TransactionFault,
} from "../chain/executor/build-block.ts";
import type { ExecutedBlock } from "../chain/executor/execute-block.ts";
import type { BlockStart } from "../chain/executor/runtime.ts";
import type { DecodedTx } from "../chain/tx.ts";
import { NO_EVIDENCE } from "../chain/types/evidence.ts";
import type { ApplicationOptions } from "./application.ts";

type BuildPorts = Pick<ApplicationOptions, "runtime" | "store" | "mempool" | "sources" | "inline" | "log">;
type Start = Omit<BlockStart, "validatorsRoot" | "paramsRoot" | "evidence">;

/** A block is begun anew at most this often before it is built without transactions. */
const MAX_ATTEMPTS = 16;

const NO_POOLS: Pick<BlockContents, "evidence" | "select"> = {
  evidence: NO_EVIDENCE,
  select: () => ({ duplicateAttestations: [], commitments: [], reveals: [], outputs: [] }),
};

/**
 * The fullest block that can be built. Whatever makes building throw is left out, because a proposer that fails proposes
 * nothing, and would fail again at its next turn. A transaction that throws is quarantined. When it is the end of the block that
 * throws, half of the transactions are tried, then a quarter, down to none: one that is to blame alone is found in the end.
 * @param maxJobs that it opens; requests beyond them wait.
 * @throws when not even an empty block can be built, which is a fault of this node.
 */
export function buildBestBlock(
  { runtime, store, mempool, sources, inline, log }: BuildPorts,
  start: Start,
  maxJobs = Number.POSITIVE_INFINITY,
): ExecutedBlock {
  let limit = Number.MAX_SAFE_INTEGER;
  let withPools = true;
  let suspect: DecodedTx | undefined;

  const selectWaiting: BlockContents["select"] = (context) => sources.select(context);

  function attempt(transactions: readonly DecodedTx[]): BuiltBlock {
    const pools = { evidence: sources.evidence(), select: selectWaiting };
    return buildBlock(runtime, store, start, {
      ...(withPools ? pools : NO_POOLS),
      transactions,
      outputs: (run) => inline.output(run),
      maxJobs,
    });
  }

  function leaveOut(error: unknown, transactions: readonly DecodedTx[]): void {
    if (error instanceof TransactionFault) {
      log.error({ err: error.cause, tx: toHex(error.tx.hash) }, "a transaction made the state transition throw");
      mempool.quarantine(error.tx);
    } else if (withPools && (error instanceof SelectionFault || transactions.length === 0)) {
      log.error({ err: error }, "a block could not be built with what waits besides transactions");
      withPools = false;
      suspect = undefined;
    } else if (transactions.length > 0) {
      log.error(
        { err: error, transactions: transactions.length },
        "the end of a block failed: trying fewer transactions",
      );
      limit = transactions.length >> 1;
      suspect = limit === 0 ? transactions[0] : undefined;
    } else throw error;
  }

  for (let tries = 1; ; tries++) {
    const transactions = mempool.transactions().slice(0, tries > MAX_ATTEMPTS ? 0 : limit);
    try {
      const { executed, refused } = attempt(transactions);
      for (const { tx, reason } of refused) {
        log.debug({ tx: toHex(tx.hash), reason }, "a waiting transaction can't be in a block");
        mempool.remove(tx);
      }
      // With it alone the block failed, and without it does not.
      if (suspect !== undefined) mempool.quarantine(suspect);
      return executed;
    } catch (error) {
      leaveOut(error, transactions);
    }
  }
}
