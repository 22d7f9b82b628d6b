import { toHex } from "../../chain/bytes.ts";
import { readDecision, readValidators } from "../../chain/executor/chain-state.ts";
import type { ValidatorSet } from "../../chain/types/validator.ts";
import type { StateReader } from "../../state/store.ts";

/** Blocks in which a validator must have signed one to be present: one that is slow now and then is not away. */
export const PRESENCE_WINDOW = 10;

export interface Presence {
  readonly total: bigint;
  /** Power of the members that signed one of the last blocks; who joined since counts as present. */
  readonly present: bigint;
  /** Power that may vanish from the present before no block can be decided. Negative when none can. */
  readonly margin: bigint;
}

/** From power alone: more than two thirds must vote for a block. */
export function marginToHalt(present: bigint, total: bigint): bigint {
  const quorum = (total * 2n) / 3n + 1n;
  return present - quorum;
}

/**
 * How far the chain is from standing still, by who signed the last PRESENCE_WINDOW blocks whose commits are known.
 * PERF: one look at each member of the sets of the window; decoded once where the set has not changed.
 * @param validators the set that votes next.
 */
export function presence(reader: StateReader, validators: ValidatorSet, height: number): Presence {
  const signed = new Map<ValidatorSet, Set<number>>();
  let known = 0;
  for (let at = height - 1; at > 0 && at >= height - PRESENCE_WINDOW; at--) {
    const decision = readDecision(reader, at);
    const set = readValidators(reader, at);
    if (decision === undefined || set === undefined) break;
    known++;
    const indices = signed.get(set) ?? new Set();
    signed.set(set, indices);
    for (let i = 0; i < set.length; i++) if (decision.signers.get(i)) indices.add(i);
  }
  const seen = new Set<string>();
  const members = new Set<string>();
  for (const [set, indices] of signed) {
    set.forEach(({ operator }, index) => {
      members.add(toHex(operator));
      if (indices.has(index)) seen.add(toHex(operator));
    });
  }
  let total = 0n;
  let present = 0n;
  for (const { operator, power } of validators) {
    total += power;
    const id = toHex(operator);
    if (known === 0 || seen.has(id) || !members.has(id)) present += power;
  }
  return { total, present, margin: marginToHalt(present, total) };
}
