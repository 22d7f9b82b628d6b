import { expect, test } from "vitest";
import { extendCommit, makeCommit, verifyCommit } from "../../chain/commit.ts";
import { checkDuplicateVote, duplicateVoteEvidence } from "../../chain/duplicate-vote.ts";
import { type Commit, PRECOMMIT, PREVOTE, type Vote } from "../../chain/types/vote.ts";
import { bls, type Member, members, NIL, signVote, spec } from "./fixture.ts";

const set = members([4n, 3n, 2n, 1n]);
const validators = set.map(({ validator }) => validator);
const blockId = new Uint8Array(32).fill(9);
const other = new Uint8Array(32).fill(8);

function vote(
  index: number,
  fields: { type?: 1 | 2; height?: number; round?: number; blockId?: Uint8Array } = {},
): Vote {
  const { type = PRECOMMIT, height = 5, round = 1, blockId: id = blockId } = fields;
  return signVote(set[index] as Member, index, type, { height, round, blockId: id });
}

const check = (commit: Commit) => verifyCommit(commit, validators, spec, bls);
const commitOf = (...indexes: readonly number[]) =>
  makeCommit(
    indexes.map((index) => vote(index)),
    validators,
    bls,
  );

test("a commit of more than two thirds verifies", () => {
  expect(check(commitOf(0, 1))).toBeUndefined();
  expect(check(commitOf(0, 1, 2, 3))).toBeUndefined();
  expect(commitOf(2, 0).signers.toBoolArray()).toEqual([true, false, true, false]);
});

test("late precommits extend a commit, and repeated ones change nothing", () => {
  const commit = commitOf(0, 1);
  const extended = extendCommit(commit, [vote(3), vote(0), vote(3)], bls);
  expect(extended.signers.toBoolArray()).toEqual([true, true, false, true]);
  expect(check(extended)).toBeUndefined();
  expect(check(commit)).toBeUndefined();
  expect(extendCommit(commit, [vote(1)], bls)).toBe(commit);
});

test.each<[string, () => Commit]>([
  ["power 6 signed", () => commitOf(0, 2)],
  [
    "bitfield of 3 bits",
    () => ({ ...commitOf(0, 1), signers: makeCommit([vote(0)], validators.slice(0, 3), bls).signers }),
  ],
  ["the aggregate signature is wrong", () => ({ ...commitOf(0, 1), round: 2 })],
  ["the aggregate signature is wrong", () => ({ ...commitOf(0, 1), height: 6 })],
  ["the aggregate signature is wrong", () => ({ ...commitOf(0, 1), signers: commitOf(0, 1, 2).signers })],
  ["the aggregate signature is wrong", () => ({ ...commitOf(0, 1), signature: new Uint8Array(96) })],
  ["a commit to nil", () => makeCommit([vote(0, { blockId: NIL }), vote(1, { blockId: NIL })], validators, bls)],
])("a commit is refused: %s", (reason, make) => {
  expect(check(make())).toContain(reason);
});

test("a commit can't be made of votes that differ", () => {
  expect(() => makeCommit([], validators, bls)).toThrow("needs precommits");
  expect(() => makeCommit([vote(0), vote(1, { round: 2 })], validators, bls)).toThrow("one round");
  expect(() => makeCommit([vote(0), vote(1, { type: PREVOTE })], validators, bls)).toThrow("one type");
  expect(() => makeCommit([vote(0, { type: PREVOTE })], validators, bls)).toThrow("precommits");
  expect(() => makeCommit([vote(0), vote(0)], validators, bls)).toThrow("two votes");
  expect(() => makeCommit([vote(3)], validators.slice(0, 3), bls)).toThrow("no validator");
});

const judge = (voteA: Vote, voteB: Vote) => checkDuplicateVote({ voteA, voteB }, validators, spec, bls);

test("two votes for different blocks are evidence, in one form whichever came first", () => {
  const evidence = duplicateVoteEvidence(vote(2), vote(2, { blockId: other }));
  expect(duplicateVoteEvidence(vote(2, { blockId: other }), vote(2))).toEqual(evidence);
  expect(checkDuplicateVote(evidence, validators, spec, bls)).toEqual({ validatorIndex: 2 });
  expect(judge(vote(1, { type: PREVOTE, blockId: NIL }), vote(1, { type: PREVOTE }))).toEqual({ validatorIndex: 1 });
});

test.each<[string, Vote, Vote]>([
  ["not ordered", vote(2), vote(2, { blockId: other })],
  ["for one block", vote(2), vote(2)],
  ["different validators", vote(2, { blockId: other }), vote(3)],
  ["different types", vote(2, { type: PREVOTE, blockId: other }), vote(2)],
  ["of rounds 0 and 1", vote(2, { round: 0, blockId: other }), vote(2)],
  ["of heights 4 and 5", vote(2, { height: 4, blockId: other }), vote(2)],
  ["signature is wrong", { ...vote(2, { blockId: other }), signature: vote(2).signature }, vote(2)],
  ["no type of vote", { ...vote(2, { blockId: other }), type: 3 }, { ...vote(2), type: 3 }],
  ["index 7", { ...vote(2, { blockId: other }), validatorIndex: 7 }, { ...vote(2), validatorIndex: 7 }],
])("no evidence: %s", (reason, a, b) => {
  expect(judge(a, b)).toContain(reason);
});

test("two wrong signatures over one message that cancel each other out do not pass as a batch", () => {
  const message = new Uint8Array(32).fill(1);
  const [a, b, c] = set as readonly [Member, Member, Member];
  const swapped = [
    { publicKey: a.key.publicKey, message, signature: b.key.sign(message) },
    { publicKey: b.key.publicKey, message, signature: a.key.sign(message) },
    { publicKey: c.key.publicKey, message, signature: c.key.sign(message) },
  ];
  // Their plain sum is what verifyAggregate accepts; that it does shows what the batch has to see through.
  const sum = bls.aggregate(swapped.map(({ signature }) => signature));
  expect(
    bls.verifyAggregate(
      swapped.map(({ publicKey }) => publicKey),
      message,
      sum,
    ),
  ).toBe(true);
  expect(bls.verifyBatch(swapped)).toBe(false);
  expect(
    bls.verifyBatch(set.map(({ key }) => ({ publicKey: key.publicKey, message, signature: key.sign(message) }))),
  ).toBe(true);
  expect(
    bls.verifyBatch([...swapped.slice(2), { publicKey: a.key.publicKey, message, signature: new Uint8Array(96) }]),
  ).toBe(false);
});
