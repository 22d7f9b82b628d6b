import type { Bls, SignatureSet } from "../chain/crypto/bls.ts";
import type { Clock } from "../consensus/driver/ports.ts";
import { badSignatures } from "../modules/inference/signatures.ts";

export interface SignatureBatches {
  /** Resolves when the signature is verified, or is found to be in a batch that is not right as a whole. */
  settle(set: SignatureSet): Promise<void>;
}

/** How long a signature waits for others. */
const GATHER_MS = 4;
/** Verified at once, in about 15 ms. */
const MAX_BATCH = 64;
/** Wrong ones that are looked for in a batch; of the others some may then be verified one by one. */
const MAX_SEARCHED = 4;

/**
 * Verifies signatures that come one by one together, for a quarter of the price. What is right is then known to a `bls` that remembers;
 * where one is wrong, whoever asks for each finds which.
 */
export function signatureBatches(bls: () => Pick<Bls, "verifyBatch">, clock: Pick<Clock, "after">): SignatureBatches {
  let waiting: { readonly set: SignatureSet; readonly done: () => void }[] = [];
  let stop: (() => void) | undefined;

  function verify(): void {
    stop?.();
    stop = undefined;
    const batch = waiting;
    waiting = [];
    const sets = batch.map(({ set }) => set);
    badSignatures(bls(), sets, MAX_SEARCHED);
    for (const { done } of batch) done();
  }

  return {
    settle: (set) =>
      new Promise((resolve) => {
        waiting.push({ set, done: resolve });
        if (waiting.length >= MAX_BATCH) verify();
        else stop ??= clock.after(GATHER_MS, verify);
      }),
  };
}
