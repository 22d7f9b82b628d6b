import type { Bls, SignatureSet } from "../chain/crypto/bls.ts";
import type { Clock } from "../consensus/driver/ports.ts";
import { badSignatures } from "../modules/inference/signatures.ts";

export interface SignatureBatches {
  /**
   * Resolves when the signature is verified, or is found to be in a batch that is not right as a whole.
   * @param gatherMs how long it may wait for others, milliseconds.
   */
  settle(set: SignatureSet, gatherMs?: number): Promise<void>;
}

/** How long a signature waits for others. */
const GATHER_MS = 4;
/** Verified at once, in about 15 ms; then whatever else has come in has its turn. */
const MAX_BATCH = 64;
/** So many don't wait any longer. */
const MAX_WAITING = 256;
/** Wrong ones that are looked for in a batch; of the others some may then be verified one by one. */
const MAX_SEARCHED = 4;

interface Waiting {
  readonly set: SignatureSet;
  readonly done: () => void;
}

const order = (a: Waiting, b: Waiting): number => Buffer.compare(a.set.message, b.set.message);

/**
 * Verifies signatures that come one by one together, for a quarter of the price, and less where they are over one message: so these stay in one
 * batch. What is right is then known to a `bls` that remembers; where one is wrong, whoever asks for each finds which.
 */
export function signatureBatches(bls: () => Pick<Bls, "verifyBatch">, clock: Pick<Clock, "after">): SignatureBatches {
  let waiting: Waiting[] = [];
  /** Taken out of those that wait, and not verified yet. */
  let due: Waiting[] = [];
  let stop: (() => void) | undefined;
  let endsIn = Number.POSITIVE_INFINITY;

  function verifySome(): void {
    const batch = due.splice(0, MAX_BATCH);
    const sets = batch.map(({ set }) => set);
    badSignatures(bls(), sets, MAX_SEARCHED);
    for (const { done } of batch) done();
    if (due.length > 0) clock.after(0, verifySome);
  }

  function verify(): void {
    stop?.();
    stop = undefined;
    endsIn = Number.POSITIVE_INFINITY;
    const isUnderWay = due.length > 0;
    due = [...due, ...waiting.sort(order)];
    waiting = [];
    if (!isUnderWay) verifySome();
  }

  return {
    settle: (set, gatherMs = GATHER_MS) =>
      new Promise((resolve) => {
        waiting.push({ set, done: resolve });
        if (waiting.length >= MAX_WAITING) return verify();
        if (gatherMs >= endsIn) return;
        stop?.();
        endsIn = gatherMs;
        stop = clock.after(gatherMs, verify);
      }),
  };
}
