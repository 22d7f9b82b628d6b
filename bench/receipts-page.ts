/** What the receipts' benchmark runs in a page, and in Node too: bundled with all that it needs. */
import { aggregateVerifier } from "../client/bls.ts";
import { parseReceipt, parseTrustedSet, verifyReceipt } from "../client/verify-receipt.ts";

/** Milliseconds. */
export interface ReceiptTimes {
  /** Everything for the first time: code that is not compiled yet, keys that were never seen. */
  readonly first: number;
  /** Compiled code, keys that were never seen. */
  readonly newKeys: number;
  /** Keys that are known. */
  readonly knownKeys: number;
}

/** The median of some runs. */
function median(runs: number, run: () => void): number {
  const times = Array.from({ length: runs }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  return times.sort((a, b) => a - b)[runs >> 1] ?? Number.NaN;
}

/**
 * @param receiptJson what `receiptToJson` writes.
 * @param setJson a trusted set as `assay query validator-set` writes it.
 */
export function timeReceipt(receiptJson: unknown, setJson: unknown): ReceiptTimes {
  const receipt = parseReceipt(receiptJson);
  const trusted = parseTrustedSet(setJson);
  const check = (bls = aggregateVerifier()): void => {
    const verdict = verifyReceipt(receipt, trusted, bls);
    if (!verdict.valid) throw new Error(verdict.reason);
  };
  const first = median(1, check);
  const newKeys = median(trusted.validators.length > 500 ? 3 : 9, () => check());
  const known = aggregateVerifier();
  check(known);
  return { first, newKeys, knownKeys: median(21, () => check(known)) };
}
