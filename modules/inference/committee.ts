import { toHex } from "../../chain/bytes.ts";
import { type Validator, ValidatorSet } from "../../chain/types/validator.ts";
import type { StateReader } from "../../state/store.ts";
import { committees } from "./store.ts";

export interface Committee {
  readonly root: Uint8Array;
  readonly members: ValidatorSet;
  readonly power: bigint;
  /** A member and its place, by operator. */
  seat(operator: Uint8Array): { readonly index: number; readonly member: Validator } | undefined;
}

export function createCommittee(members: ValidatorSet, root: Uint8Array): Committee {
  const seats = new Map(members.map((member, index) => [toHex(member.operator), { index, member }]));
  return {
    root,
    members,
    power: members.reduce((sum, member) => sum + member.power, 0n),
    seat: (operator) => seats.get(toHex(operator)),
  };
}

/** Looks committees up by root. What it keeps can't go stale: a root stands for one set. */
export interface CommitteeCache {
  /** Undefined when no job of the state refers to the committee. */
  get(reader: StateReader, root: Uint8Array): Committee | undefined;
}

/** Sets rarely change, so few are open at a time; decoding a large one costs a millisecond. */
const MAX_CACHED = 16;

export function createCommitteeCache(): CommitteeCache {
  const cache = new Map<string, Committee>();
  return {
    get(reader, root) {
      const id = toHex(root);
      const known = cache.get(id);
      if (known !== undefined) return known;
      const members = committees.get(reader, root);
      if (members === undefined) return undefined;
      const committee = createCommittee(members, root);
      if (cache.size >= MAX_CACHED) {
        const oldest = cache.keys().next().value;
        if (oldest !== undefined) cache.delete(oldest);
      }
      cache.set(id, committee);
      return committee;
    },
  };
}

/** Roots by the set itself, which is one object throughout a block: hashing a thousand members takes milliseconds. */
const roots = new WeakMap<ValidatorSet, Uint8Array>();

/** hash_tree_root of a set: `validatorsRoot` of the headers it votes on. */
export function validatorsRoot(validators: ValidatorSet): Uint8Array {
  const known = roots.get(validators);
  if (known !== undefined) return known;
  const root = ValidatorSet.hashTreeRoot([...validators]);
  roots.set(validators, root);
  return root;
}
