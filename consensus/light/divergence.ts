import { equalBytes } from "../../chain/bytes.ts";
import type { LightBlock } from "../../chain/types/light-block.ts";
import { type LightEnv, type Steps, skipping } from "./advance.ts";
import { lightBlockId } from "./verify.ts";

/**
 * Two certified blocks of one height that follow from one trusted block: evidence against whoever signed `conflicting`, for somebody
 * who has `trusted` on his chain. It verifies from the common block in one step, so that nothing else has to be sent with it.
 */
export interface Divergence {
  /** The last height at which both sides agree. */
  readonly commonHeight: number;
  readonly trusted: LightBlock;
  readonly conflicting: LightBlock;
}

export type Comparison =
  /**
   * Which of the two blocks is the chain's can't be told from here, so this accuses the trace. `theirs` is the other side's way from the
   * common block to its own: compared in turn, it accuses the other side.
   */
  | { readonly kind: "divergence"; readonly divergence: Divergence; readonly theirs: readonly LightBlock[] }
  /** The other side could not prove what it says. */
  | { readonly kind: "faulty"; readonly reason: string };

export function isSameBlock(a: LightBlock, b: LightBlock): boolean {
  return equalBytes(lightBlockId(a), lightBlockId(b));
}

/**
 * Finds where another source that has another block at the end of a trace leaves it, and verifies that source's block from there.
 * Yields heights that the source is to be asked for.
 * @param trace each block verified from the one in front of it; the first was trusted before.
 * @param last the source's block at the height of the trace's last one.
 */
export function* compare(trace: readonly LightBlock[], last: LightBlock, env: LightEnv): Steps<Comparison> {
  let common: LightBlock | undefined;
  for (const [index, conflicting] of trace.entries()) {
    const { height } = conflicting.header;
    const trusted: LightBlock = index === trace.length - 1 ? last : yield height;
    if (trusted.header.height !== height) {
      return { kind: "faulty", reason: `block ${trusted.header.height} was given for block ${height}` };
    }
    if (isSameBlock(conflicting, trusted)) {
      common = conflicting;
      continue;
    }
    if (common === undefined) return { kind: "faulty", reason: `it does not have the trusted block ${height}` };
    const advance = yield* skipping(common, trusted, env);
    if (!advance.ok) return { kind: "faulty", reason: advance.rejection.reason };
    const commonHeight = common.header.height;
    return { kind: "divergence", divergence: { commonHeight, trusted, conflicting }, theirs: advance.trace };
  }
  return { kind: "faulty", reason: "it has the same blocks after all" };
}
