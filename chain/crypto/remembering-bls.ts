import { equalBytes } from "../bytes.ts";
import type { Bls, SignatureSet } from "./bls.ts";

export interface RememberingBls extends Bls {
  /**
   * Takes a signature for verified: one that this node has just made, or that is part of a block which a verified certificate names.
   * Never for what came from anywhere else.
   */
  trust(set: SignatureSet): void;
}

/** Signatures kept, some 400 bytes each. Four heights of votes of 512 validators. The oldest goes first. */
const MAX_KNOWN = 4096;
/** Adding up more known signatures than this costs as much as one pairing. */
const MAX_SUMMED = 16;
const INFINITY_FLAG = 0x40;

function identity(publicKey: Uint8Array, message: Uint8Array): string {
  return Buffer.concat([publicKey, message]).toString("latin1");
}

/**
 * Remembers what has been verified, because the same signature is met again: in a vote and in the next block's last
 * commit, in a proposal that is checked before it is executed. For one key and message there is exactly one signature in
 * exactly one encoding, so another one is wrong without a pairing, and an aggregate of known ones is right when it is
 * their sum.
 */
export function rememberingBls(bls: Bls): RememberingBls {
  const known = new Map<string, Uint8Array>();

  function recall({ publicKey, message, signature }: SignatureSet): boolean | undefined {
    const right = known.get(identity(publicKey, message));
    return right === undefined ? undefined : equalBytes(right, signature);
  }

  function remember({ publicKey, message, signature }: SignatureSet): void {
    if (known.size >= MAX_KNOWN) {
      const oldest = known.keys().next().value;
      if (oldest !== undefined) known.delete(oldest);
    }
    known.set(identity(publicKey, message), Uint8Array.from(signature));
  }

  function noted(sets: readonly SignatureSet[], isRight: boolean): boolean {
    if (isRight) for (const set of sets) remember(set);
    return isRight;
  }

  /** Those that are not known; undefined when one is known to be wrong. */
  function unknown(sets: readonly SignatureSet[]): SignatureSet[] | undefined {
    const answers = sets.map(recall);
    return answers.includes(false) ? undefined : sets.filter((_, index) => answers[index] === undefined);
  }

  /** The known signatures of all keys over the message; undefined when one is missing. */
  function allKnown(publicKeys: readonly Uint8Array[], message: Uint8Array): Uint8Array[] | undefined {
    if (publicKeys.length > MAX_SUMMED) return undefined;
    const signatures: Uint8Array[] = [];
    for (const publicKey of publicKeys) {
      const signature = known.get(identity(publicKey, message));
      if (signature === undefined) return undefined;
      signatures.push(signature);
    }
    return signatures;
  }

  return {
    verify: (set) => recall(set) ?? noted([set], bls.verify(set)),
    verifyBatch(sets) {
      const rest = unknown(sets);
      return rest !== undefined && noted(rest, bls.verifyBatch(rest));
    },
    async verifyBatchAside(sets) {
      const rest = unknown(sets);
      return rest !== undefined && noted(rest, await bls.verifyBatchAside(rest));
    },
    verifyAggregate(publicKeys, message, signature) {
      // Of keys that cancel out; the library refuses it too.
      if (publicKeys.length === 0 || ((signature[0] ?? 0) & INFINITY_FLAG) !== 0) return false;
      const parts = allKnown(publicKeys, message);
      if (parts !== undefined) return equalBytes(bls.aggregate(parts), signature);
      const publicKey = bls.aggregateKeys(publicKeys);
      if (publicKey === undefined) return false;
      return recall({ publicKey, message, signature }) ?? bls.verifyAggregate(publicKeys, message, signature);
    },
    aggregate: (signatures) => bls.aggregate(signatures),
    aggregateKeys: (publicKeys) => bls.aggregateKeys(publicKeys),
    trust: remember,
  };
}
