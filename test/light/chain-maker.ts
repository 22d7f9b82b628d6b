import { BitArray } from "@chainsafe/ssz";
import { makeCommit } from "../../chain/commit.ts";
import { type BlsSecretKey, blsKeyFromSeed, blsSecretKey, createBls } from "../../chain/crypto/bls.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { Header } from "../../chain/types/header.ts";
import type { LightBlock } from "../../chain/types/light-block.ts";
import { ZERO_32 } from "../../chain/types/primitives.ts";
import { type Validator, ValidatorSet } from "../../chain/types/validator.ts";
import { PRECOMMIT } from "../../chain/types/vote.ts";
import { voteRoot } from "../../chain/vote-signing.ts";
import { type LightParams, lightBlockId, ONE_THIRD } from "../../consensus/light/verify.ts";

export const BLS = createBls();
export const GENESIS_ROOT = new Uint8Array(32).fill(7);
export const START = Date.UTC(2030, 0, 1);
export const SECOND = 1000;
export const HOUR = 3600 * SECOND;

export const PARAMS: LightParams = {
  genesisRoot: GENESIS_ROOT,
  trustLevel: ONE_THIRD,
  trustingPeriod: 4 * HOUR,
  clockDrift: 1 * SECOND,
};

/** A validator by its number, with its power: `[3, 10]`. Its keys follow from the number. */
export type Seat = readonly [id: number, power: number];

const keys = new Map<number, BlsSecretKey>();
export function keyOf(id: number): BlsSecretKey {
  const key = keys.get(id) ?? blsSecretKey(blsKeyFromSeed(sha256(Uint8Array.of(id >> 8, id & 0xff))));
  keys.set(id, key);
  return key;
}

export function seat([id, power]: Seat): Validator {
  const operator = sha256(Uint8Array.of(1, id >> 8, id & 0xff)).subarray(0, 20);
  return { operator, identityKey: new Uint8Array(32).fill(id), voteKey: keyOf(id).publicKey, power: BigInt(power) };
}

export const setOf = (seats: readonly Seat[]): Validator[] => seats.map(seat);

/** One height: who is in the set, and who of them signs (everyone if not given). */
export interface Spec {
  readonly seats: readonly Seat[];
  readonly signers?: readonly number[];
}

export interface Fork {
  /** Blocks that come before the first spec. */
  readonly base?: readonly LightBlock[];
  /** Makes headers differ from those of another chain of the same specs. */
  readonly salt?: number;
  readonly genesisRoot?: Uint8Array;
  /** Milliseconds between blocks. */
  readonly interval?: number;
  /** Milliseconds since the Unix epoch; the first block is one interval later. */
  readonly start?: number;
  /** Fields of the header of a height that are not made up. */
  readonly header?: (height: number) => Partial<Header>;
}

/** Signs a header with the keys of some seats; the bitfield says so. */
export function certify(
  header: Header,
  seats: readonly Seat[],
  signers: readonly number[] = seats.map(([id]) => id),
  genesisRoot: Uint8Array = GENESIS_ROOT,
): LightBlock {
  const data = { height: header.height, round: 0, blockId: Header.hashTreeRoot(header) };
  const message = voteRoot(PRECOMMIT, data, genesisRoot);
  const validators = setOf(seats);
  const votes = seats.flatMap(([id], validatorIndex) =>
    signers.includes(id) ? [{ type: PRECOMMIT, ...data, validatorIndex, signature: keyOf(id).sign(message) }] : [],
  );
  if (votes.length > 0) return { header, commit: makeCommit(votes, validators, BLS), validators };
  const signersOfNone = BitArray.fromBitLen(validators.length);
  return { header, commit: { ...data, signers: signersOfNone, signature: new Uint8Array(96) }, validators };
}

/**
 * A chain of certified headers, one a spec, with real signatures. The last one announces its own set again. Block `h` of a chain from the
 * start is at index `h - 1`.
 */
export function makeChain(specs: readonly Spec[], fork: Fork = {}): LightBlock[] {
  const { base = [], salt = 0, genesisRoot = GENESIS_ROOT, interval = 10 * SECOND, start = START } = fork;
  const chain = [...base];
  for (const [index, { seats, signers }] of specs.entries()) {
    const parent = chain.at(-1);
    const height = chain.length + 1;
    const header: Header = {
      ...Header.defaultValue(),
      version: 1,
      height,
      time: (parent?.header.time ?? start) + interval,
      parentId: parent === undefined ? ZERO_32 : lightBlockId(parent),
      stateRoot: sha256(Uint8Array.of(height, salt)),
      validatorsRoot: ValidatorSet.hashTreeRoot(setOf(seats)),
      nextValidatorsRoot: ValidatorSet.hashTreeRoot(setOf(specs[index + 1]?.seats ?? seats)),
      ...fork.header?.(height),
    };
    chain.push(certify(header, seats, signers, genesisRoot));
  }
  return chain;
}

/** The same set for all heights. */
export function steady(seats: readonly Seat[], length: number): Spec[] {
  return Array.from({ length }, () => ({ seats }));
}

/** A block of a chain by its height. Throws for none, so that a test's mistake is seen. */
export function at(chain: readonly LightBlock[], height: number): LightBlock {
  const block = chain[height - 1];
  if (block === undefined) throw new Error(`the chain of ${chain.length} has no block ${height}`);
  return block;
}

/** Shortly after the last block of a chain. */
export function justAfter(chain: readonly LightBlock[]): number {
  return (chain.at(-1)?.header.time ?? START) + SECOND;
}
