import type { StateStore } from "../../state/store.ts";
import { toHex } from "../bytes.ts";
import { TxError } from "../errors.ts";
import type { DecodedTx } from "../tx.ts";
import type { Block, Body } from "../types/block.ts";
import type { BlockEvidence } from "../types/evidence.ts";
import { Header } from "../types/header.ts";
import { MAX_INLINE_OUTPUT } from "../types/limits.ts";
import { bytesWithoutTransactions, createBlockRoom, MAX_SERIALISED_BLOCK } from "./block-limits.ts";
import { type BlockAttestations, type BlockRun, startBlock } from "./block-run.ts";
import type { RecordingContext } from "./context.ts";
import { usableEvidence } from "./evidence-checks.ts";
import { type ExecutedBlock, executedBlock } from "./execute-block.ts";
import { headerBase, sealHeader } from "./header.ts";
import { type BlockLane, buildingLane, type OutputSource, RunPendingError } from "./inline-lane.ts";
import type { BlockStart, Runtime } from "./runtime.ts";

/** What a proposer may put into a block; `select` picks what the modules will accept. */
export interface BlockContents {
  /** Those that a block of this height may not carry are passed over. */
  readonly evidence: BlockEvidence;
  /** In the order they should run. */
  readonly transactions: Iterable<DecodedTx>;
  select(context: RecordingContext): BlockAttestations;
  /** Outputs of models that transactions run inline; without it those that do wait. */
  readonly outputs?: OutputSource;
  /** Jobs that the block is to open at most. */
  readonly maxJobs?: number;
}

export interface BuiltBlock {
  readonly executed: ExecutedBlock;
  /** Transactions that were refused, with the reason. */
  readonly refused: readonly { readonly tx: DecodedTx; readonly reason: string }[];
}

/** An exception other than TxError while running a transaction: the block must be built anew without it. */
export class TransactionFault extends Error {
  readonly tx: DecodedTx;
  constructor(tx: DecodedTx, cause: unknown) {
    super("a transaction made the state transition throw", { cause });
    this.name = "TransactionFault";
    this.tx = tx;
  }
}

/** An exception while choosing or applying what comes from the pools, whatever its kind: it concerns no transaction. */
export class SelectionFault extends Error {
  constructor(cause: unknown) {
    super("what waits besides transactions made the state transition throw", { cause });
    this.name = "SelectionFault";
  }
}

/** Room that is kept for the outputs of models; a transaction whose output does not fit waits for the next block. */
const INLINE_OUTPUT_BYTES = 1024 * 1024;

function outputBytes({ outcomes }: BlockLane): number {
  // A job id, and where its bytes begin, twice.
  return outcomes.reduce((sum, { output }) => sum + output.length + 40, 0);
}

/** Transactions of one kind that are tried while the chain takes no more of it: each is executed and undone, and under load hundreds wait. */
const MAX_TRIES_IN_VAIN = 4;
/** The same of all kinds and subjects together. */
const MAX_TRIES_IN_ALL = 64;

function kindOf({ messages }: DecodedTx): string {
  return [...new Set(messages.map(({ typeUrl }) => typeUrl))].join();
}

/** Its kind and what it is about: where there is room for other subjects, those are still tried. */
function subjectOf(tx: DecodedTx): string {
  return [kindOf(tx), ...new Set(tx.messages.map(({ subject }) => subject ?? ""))].join("\n");
}

/** Runs what fits. A sender whose transaction is left for a later block has its later ones left too: they build on it. */
function runTransactions(run: BlockRun, contents: BlockContents, lane: BlockLane, otherBytes: number) {
  const room = createBlockRoom(run.context.block.params, otherBytes + (lane.open ? INLINE_OUTPUT_BYTES : 0));
  const left = new Set<string>();
  const inVain = new Map<string, number>();
  let triesInVain = 0;
  const taken: DecodedTx[] = [];
  const refused: { tx: DecodedTx; reason: string }[] = [];
  for (const tx of contents.transactions) {
    const size = { bytes: tx.bytes.length, gasLimit: tx.gasLimit };
    const signers = tx.signers.map(toHex);
    const leave = (): void => {
      for (const signer of signers) left.add(signer);
    };
    const keys = { kind: kindOf(tx), subject: subjectOf(tx) };
    const isHopeless =
      (triesInVain >= MAX_TRIES_IN_ALL && inVain.has(keys.kind)) ||
      Object.values(keys).some((key) => (inVain.get(key) ?? 0) >= MAX_TRIES_IN_VAIN);
    if (isHopeless || room.problem(size) !== undefined || signers.some((signer) => left.has(signer))) {
      leave();
      continue;
    }
    try {
      run.attempt(tx);
      room.take(size);
      taken.push(tx);
    } catch (error) {
      const waits = error instanceof RunPendingError;
      if (waits && !(error.outgrows && taken.length === 0)) {
        if (error.crowded !== undefined) {
          triesInVain++;
          const key = keys[error.crowded];
          inVain.set(key, (inVain.get(key) ?? 0) + 1);
          if (!inVain.has(keys.kind)) inVain.set(keys.kind, 0);
        }
        leave();
        continue;
      }
      if (!(waits || error instanceof TxError)) throw new TransactionFault(tx, error);
      refused.push({ tx, reason: error.message });
    }
  }
  return { taken, refused };
}

function beginWith(run: BlockRun, contents: BlockContents): BlockAttestations {
  try {
    const attestations = contents.select(run.context);
    run.begin(attestations);
    return attestations;
  } catch (error) {
    throw new SelectionFault(error);
  }
}

/**
 * Builds a block on the tip of the store and executes it while doing so.
 * @throws TransactionFault naming the transaction that has to be left out; SelectionFault; any other exception shows only
 *   at the end of the block and may be of either.
 */
export function buildBlock(
  runtime: Runtime,
  store: StateStore,
  request: Omit<BlockStart, "validatorsRoot" | "paramsRoot" | "evidence">,
  contents: BlockContents,
): BuiltBlock {
  const head = headerBase(store.latest, request.parentId);
  const { validatorsRoot, paramsRoot } = head;
  const evidence = usableEvidence({ runtime, base: store.latest, time: request.time }, contents.evidence);
  const start: BlockStart = { ...request, validatorsRoot, paramsRoot, evidence };
  const lane = buildingLane(
    start.round,
    (inline) =>
      outputBytes(lane) > INLINE_OUTPUT_BYTES - MAX_INLINE_OUTPUT - 40 ? undefined : contents.outputs?.(inline),
    contents.maxJobs,
  );
  const run = startBlock(runtime, store.latest, start, lane);
  const attestations = beginWith(run, contents);
  const { lastCommit, randaoReveal } = start;
  const others: Body = { transactions: [], lastCommit, evidence, ...attestations, randaoReveal, inlineResults: [] };
  const otherBytes = bytesWithoutTransactions({ header: Header.defaultValue(), body: others });
  if (otherBytes > MAX_SERIALISED_BLOCK) {
    throw new SelectionFault(new Error(`${otherBytes} bytes besides transactions, at most ${MAX_SERIALISED_BLOCK}`));
  }
  const { taken, refused } = runTransactions(run, contents, lane, otherBytes);
  const outcome = run.finish();
  const inlineResults = lane.outcomes.map(({ run: { jobId }, output }) => ({ jobId, output }));
  const body: Body = { ...others, transactions: taken.map(({ bytes }) => bytes), inlineResults };
  const update = store.prepare(head.height, outcome.overlay.changes());
  const block: Block = { header: sealHeader(head, start, body, outcome, update.root), body };
  const hashes = taken.map(({ hash }) => hash);
  return { executed: executedBlock(block, update, hashes, outcome), refused };
}
