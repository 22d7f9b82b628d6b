import { type Validator, ValidatorSet } from "./types/validator.ts";

/** Roots of sealed sets. Kept for as long as the set itself. */
const roots = new WeakMap<ValidatorSet, Uint8Array>();
const sealed = new WeakSet<ValidatorSet>();

/** Freezes a set and its members, so that its root may be kept with it. Their keys are bytes, which nobody writes into. */
export function sealSet(validators: Validator[]): ValidatorSet {
  for (const validator of validators) Object.freeze(validator);
  sealed.add(validators);
  return Object.freeze(validators);
}

/** hash_tree_root of a set. PERF: computed once for a sealed one, and each time for all others. */
export function setRoot(validators: ValidatorSet): Uint8Array {
  const known = roots.get(validators);
  if (known !== undefined) return known.slice();
  const root = ValidatorSet.hashTreeRoot([...validators]);
  if (sealed.has(validators)) roots.set(validators, root);
  return root.slice();
}
