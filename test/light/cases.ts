import { bls12_381 } from "@noble/curves/bls12-381.js";
import { Header } from "../../chain/types/header.ts";
import type { LightBlock } from "../../chain/types/light-block.ts";
import { type Validator, ValidatorSet } from "../../chain/types/validator.ts";
import { PRECOMMIT } from "../../chain/types/vote.ts";
import { voteRoot } from "../../chain/vote-signing.ts";
import type * as verify from "../../consensus/light/verify.ts";
import {
  at,
  BLS,
  certify,
  GENESIS_ROOT,
  justAfter,
  keyOf,
  makeChain,
  PARAMS,
  SECOND,
  type Seat,
  seat,
  setOf,
  steady,
} from "./chain-maker.ts";

type Verify = Pick<
  typeof verify,
  "verifyAdjacent" | "verifySkipping" | "verifyFirst" | "verifyParent" | "lightBlockId"
>;

/** One thing that a light client must not believe, and all else about it as it should be. */
export interface Case {
  readonly name: string;
  readonly kind: verify.Rejection["kind"];
  readonly reason: RegExp;
  run(subject: Verify): verify.Rejection | undefined;
}

export const SEATS: readonly Seat[] = [
  [1, 10],
  [2, 10],
  [3, 10],
];
export const CHAIN = makeChain(steady(SEATS, 6));
export const NOW = justAfter(CHAIN);
const FIRST = at(CHAIN, 1);
const SECOND_BLOCK = at(CHAIN, 2);
const FIFTH = at(CHAIN, 5);

const ROOT = Header.hashTreeRoot(FIRST.header);

function sealed(header: Header, change: Partial<Header>, seats: readonly Seat[] = SEATS): LightBlock {
  const validatorsRoot = ValidatorSet.hashTreeRoot(setOf(seats));
  return certify({ ...header, validatorsRoot, ...change }, seats);
}

/** A header of the set, signed in all forms by a set that the header does not name. */
function withSet(block: LightBlock, validators: Validator[]): LightBlock {
  return { ...block, validators };
}

/**
 * A key made so that all keys of a set add up to one that a single person has: `x·G − Σ others`. Whoever made it can sign for
 * everyone, and can't prove that it is his own.
 */
export function rogueBlock(header: Header, seats: readonly Seat[]): LightBlock {
  const { Point } = bls12_381.G1;
  const own = keyOf(99);
  const others = seats.reduce((sum, [id]) => sum.add(Point.fromBytes(keyOf(id).publicKey)), Point.ZERO);
  const rogue = Point.fromBytes(own.publicKey).subtract(others).toBytes();
  const validators = [...setOf(seats), { ...seat([99, 1]), voteKey: rogue }];
  const forged = { ...header, validatorsRoot: ValidatorSet.hashTreeRoot(validators) };
  const everyone = certify(forged, [...seats, [99, 1]]);
  const { height, round, blockId } = everyone.commit;
  const signature = own.sign(voteRoot(PRECOMMIT, { height, round, blockId }, GENESIS_ROOT));
  return { header: forged, commit: { ...everyone.commit, signature }, validators };
}

interface Change {
  readonly block?: LightBlock;
  readonly now?: number;
  readonly trusted?: LightBlock;
  readonly params?: verify.LightParams;
}

function next(name: string, kind: verify.Rejection["kind"], reason: RegExp, change: Change): Case {
  const { trusted = FIRST, block = SECOND_BLOCK, now = NOW, params = PARAMS } = change;
  return { name: `next: ${name}`, kind, reason, run: (s) => s.verifyAdjacent(trusted, block, now, params, BLS) };
}

function skip(name: string, kind: verify.Rejection["kind"], reason: RegExp, change: Change): Case {
  const { trusted = FIRST, block = FIFTH, now = NOW, params = PARAMS } = change;
  return { name: `skipping: ${name}`, kind, reason, run: (s) => s.verifySkipping(trusted, block, now, params, BLS) };
}

const EXPIRED = FIRST.header.time + PARAMS.trustingPeriod;
const MORE: readonly Seat[] = [...SEATS, [4, 10]];
/** Four members of ten: two make a half, three make three quarters. */
const FOUR = makeChain(steady(MORE, 6));
/** Half of the first set is still there at the end, then a third, then less. */
const replaced = (kept: readonly Seat[], fresh: readonly Seat[]) =>
  makeChain([...steady(SEATS, 3), { seats: [...kept, ...fresh] }]);

const OTHER_SET: readonly Seat[] = [
  [1, 10],
  [2, 10],
  [5, 10],
];

/** The header of a block, certified for another height. */
function certifiedForHeight(block: LightBlock, height: number): LightBlock {
  const made = certify({ ...block.header, height }, SEATS).commit;
  const { blockId } = block.commit;
  const message = voteRoot(PRECOMMIT, { height, round: 0, blockId }, GENESIS_ROOT);
  const signature = BLS.aggregate(SEATS.map(([id]) => keyOf(id).sign(message)));
  return { ...block, commit: { ...made, blockId, signature } };
}

const twice: readonly Seat[] = [...SEATS, [3, 5]];

export const CASES: readonly Case[] = [
  next("the trusted block is expired", "expired", /trusted block 1 is .* old/, { now: EXPIRED }),
  next("a block that does not follow", "invalid", /block 3 does not follow block 1/, { block: at(CHAIN, 3) }),
  next("the same time", "invalid", /block 2 is not later than block 1/, {
    block: sealed(SECOND_BLOCK.header, { time: FIRST.header.time }),
  }),
  next("time that goes back", "invalid", /not later/, {
    block: sealed(SECOND_BLOCK.header, { time: FIRST.header.time - 1 }),
  }),
  next("a block from the future", "future", /ahead of the clock/, {
    block: sealed(SECOND_BLOCK.header, { time: NOW + SECOND }),
  }),
  next("another set than was announced", "invalid", /names another set than block 1 announces/, {
    block: sealed(SECOND_BLOCK.header, {}, OTHER_SET),
  }),
  next("another parent", "invalid", /has another parent/, {
    block: sealed(SECOND_BLOCK.header, { parentId: new Uint8Array(32).fill(1) }),
  }),
  next("a version that is not known", "invalid", /version 2 of a header/, {
    block: sealed(SECOND_BLOCK.header, { version: 2 }),
  }),
  next("a commit for another height", "invalid", /the commit is of height 3, the header of 2/, {
    block: certifiedForHeight(SECOND_BLOCK, 3),
  }),
  next("another header's commit", "invalid", /the commit is of another header/, {
    block: { ...sealed(SECOND_BLOCK.header, { stateRoot: new Uint8Array(32) }), commit: SECOND_BLOCK.commit },
  }),
  next("a set that the header does not name", "invalid", /the set is not the one that the header names/, {
    block: withSet(
      SECOND_BLOCK,
      setOf([
        [1, 10],
        [2, 10],
        [3, 11],
      ]),
    ),
  }),
  next("too few signers: exactly two thirds", "invalid", /power 20 signed, more than two thirds of 30/, {
    block: certify(SECOND_BLOCK.header, SEATS, [1, 2]),
  }),
  next("no signer at all", "invalid", /power 0 signed/, { block: certify(SECOND_BLOCK.header, SEATS, []) }),
  next("a forged commit: claims a signer who did not sign", "invalid", /the aggregate signature is wrong/, {
    block: {
      ...SECOND_BLOCK,
      commit: { ...SECOND_BLOCK.commit, signature: certify(SECOND_BLOCK.header, SEATS, [1, 2]).commit.signature },
    },
  }),
  next("a signature that is no point", "invalid", /the aggregate signature is wrong/, {
    block: { ...SECOND_BLOCK, commit: { ...SECOND_BLOCK.commit, signature: new Uint8Array(96).fill(1) } },
  }),
  next("another chain's signatures", "invalid", /the aggregate signature is wrong/, {
    block: certify(SECOND_BLOCK.header, SEATS, undefined, new Uint8Array(32).fill(8)),
  }),
  next("a bitfield of another length", "invalid", /bitfield of 4 bits for a set of 3/, {
    block: { ...SECOND_BLOCK, commit: { ...SECOND_BLOCK.commit, signers: at(FOUR, 2).commit.signers } },
  }),

  skip("the trusted block is expired", "expired", /trusted block 1 is .* old/, { now: EXPIRED }),
  skip("an earlier block", "invalid", /block 4 is not after block 5/, { trusted: FIFTH, block: at(CHAIN, 4) }),
  skip("the same height", "invalid", /block 5 is not after block 5/, { trusted: FIFTH }),
  skip("time that goes back", "invalid", /not later/, { block: sealed(FIFTH.header, { time: FIRST.header.time - 1 }) }),
  skip("a block from the future", "future", /ahead of the clock/, {
    block: sealed(FIFTH.header, { time: NOW + SECOND }),
  }),
  skip("a set that the header does not name", "invalid", /not the one that the header names/, {
    block: withSet(
      FIFTH,
      setOf([
        [1, 10],
        [2, 10],
        [3, 11],
      ]),
    ),
  }),
  skip("another header's commit", "invalid", /the commit is of another header/, {
    block: { ...sealed(FIFTH.header, { stateRoot: new Uint8Array(32) }), commit: FIFTH.commit },
  }),
  skip("exactly a third of the trusted set", "unvouched", /10 of 30 power of block 1 signed, more than 1\/3/, {
    block: at(replaced([[1, 10]], []), 4),
  }),
  skip("less than the trust level that was asked for", "unvouched", /20 of 30 power .* more than 2\/3/, {
    block: at(
      replaced(
        [
          [1, 10],
          [2, 10],
        ],
        [],
      ),
      4,
    ),
    params: { ...PARAMS, trustLevel: { numerator: 2n, denominator: 3n } },
  }),
  skip("a trusted third, but too few of its own set", "invalid", /power 20 signed, more than two thirds of 30/, {
    block: certify(FIFTH.header, SEATS, [1, 2]),
  }),
  skip("a signer who is not in the trusted set", "unvouched", /1 signers are not in the set of block 1/, {
    block: at(replaced([...SEATS], [[4, 10]]), 4),
  }),
  skip("a made-up key that signs for everyone", "unvouched", /1 signers are not in the set of block 1/, {
    block: rogueBlock(FIFTH.header, SEATS),
  }),
  skip("a forged commit", "invalid", /the aggregate signature is wrong/, {
    block: {
      ...FIFTH,
      commit: { ...FIFTH.commit, signature: certify(FIFTH.header, SEATS, [1, 2]).commit.signature },
    },
  }),
  skip("a vote key that stands in the set twice", "invalid", /has a vote key twice/, {
    block: sealed(FIFTH.header, {}, twice),
  }),
  skip("a member without power", "invalid", /has a member without power/, {
    block: sealed(FIFTH.header, {}, [
      [1, 10],
      [2, 10],
      [3, 0],
    ]),
  }),

  {
    name: "first: another block than the trusted one",
    kind: "invalid",
    reason: /block 1 is not the trusted one/,
    run: (s) => s.verifyFirst({ height: 1, blockId: ROOT }, sealed(FIRST.header, { time: 5 }), NOW, PARAMS, BLS),
  },
  {
    name: "first: expired",
    kind: "expired",
    reason: /trusted block 1 is .* old/,
    run: (s) => s.verifyFirst({ height: 1, blockId: ROOT }, FIRST, EXPIRED, PARAMS, BLS),
  },
  {
    name: "first: from the future",
    kind: "future",
    reason: /ahead of the clock/,
    run: (s) => s.verifyFirst({ height: 1, blockId: ROOT }, FIRST, FIRST.header.time - SECOND, PARAMS, BLS),
  },
  {
    name: "first: another chain's genesis root",
    kind: "invalid",
    reason: /the aggregate signature is wrong/,
    run: (s) =>
      s.verifyFirst({ height: 1, blockId: ROOT }, FIRST, NOW, { ...PARAMS, genesisRoot: new Uint8Array(32) }, BLS),
  },
  {
    name: "parent: not the one that the header names",
    kind: "invalid",
    reason: /block 1 is not the parent of block 2/,
    run: (s) => s.verifyParent(SECOND_BLOCK, sealed(FIRST.header, { stateRoot: new Uint8Array(32) }), PARAMS, BLS),
  },
  {
    name: "parent: with another set",
    kind: "invalid",
    reason: /not the one that the header names/,
    run: (s) =>
      s.verifyParent(
        SECOND_BLOCK,
        withSet(
          FIRST,
          setOf([
            [1, 10],
            [2, 10],
            [3, 11],
          ]),
        ),
        PARAMS,
        BLS,
      ),
  },
];
