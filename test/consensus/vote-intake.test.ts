import { expect, test } from "vitest";
import type { Bls, SignatureSet } from "../../chain/crypto/bls.ts";
import { PRECOMMIT, PREVOTE, type Vote } from "../../chain/types/vote.ts";
import { openHeight } from "../../consensus/driver/height.ts";
import type { Verdict } from "../../consensus/driver/ports.ts";
import { createVoteIntake } from "../../consensus/driver/vote-intake.ts";
import { fakeApp } from "./fake-app.ts";
import { bls, members, signVote, spec } from "./fixture.ts";

const BLOCK = new Uint8Array(32).fill(7);
const all = members([1n, 1n, 1n, 1n]);

function vote(index: number, type: 1 | 2, fields: Partial<Vote> = {}): Vote {
  const member = all[index];
  if (member === undefined) throw new Error(`no member ${index}`);
  return { ...signVote(member, index, type, { height: 1, round: 0, blockId: BLOCK }), ...fields };
}

/** An intake to which two votes of a kind are decisive, with the batches that it verifies. */
function scene() {
  const batches: (readonly SignatureSet[])[] = [];
  const calls = { decisive: 0, waiting: 0 };
  const watched: Bls = {
    ...bls,
    verifyBatchAside(sets) {
      batches.push(sets);
      return bls.verifyBatchAside(sets);
    },
  };
  const intake = createVoteIntake(watched, spec.genesisRoot, {
    isDecisive: (_kind, _round, power) => power >= 2n,
    onDecisive: () => void calls.decisive++,
    onWaiting: () => void calls.waiting++,
  });
  const height = openHeight(fakeApp(all), undefined, () => false);
  return { intake, height, batches, calls };
}

test("only votes of a kind and round that may decide are verified; the others wait for all", async () => {
  const { intake, height, batches, calls } = scene();
  void intake.add(vote(0, PREVOTE), height);
  void intake.add(vote(1, PRECOMMIT), height);
  void intake.add(vote(2, PREVOTE, { round: 1 }), height);
  expect(calls).toEqual({ decisive: 0, waiting: 3 });
  expect(await intake.verify(height, "decisive")).toEqual([]);
  void intake.add(vote(2, PRECOMMIT), height);
  expect(calls.decisive).toBe(1);
  const verified = (await intake.verify(height, "decisive")).map((entry) => entry.vote);
  expect(verified).toEqual([vote(1, PRECOMMIT), vote(2, PRECOMMIT)]);
  expect(batches.map((sets) => sets.length)).toEqual([2]);
  // What was taken counts no more, so one further precommit is not decisive by itself.
  void intake.add(vote(3, PRECOMMIT), height);
  expect(calls.decisive).toBe(1);
  expect(await intake.verify(height, "decisive")).toEqual([]);
  expect((await intake.verify(height, "all")).map((entry) => entry.vote.validatorIndex)).toEqual([0, 3]);
  expect(intake.drain()).toEqual([]);
});

test("a wrong signature in a decisive batch is rejected, and the others are not", async () => {
  const { intake, height } = scene();
  const answers: Promise<Verdict>[] = [
    Promise.resolve(intake.add(vote(0, PREVOTE), height)),
    Promise.resolve(intake.add(vote(1, PREVOTE, { signature: vote(2, PREVOTE).signature }), height)),
  ];
  const good = await intake.verify(height, "decisive");
  expect(good.map((entry) => entry.vote.validatorIndex)).toEqual([0]);
  for (const entry of good) entry.answer("accept");
  expect(await Promise.all(answers)).toEqual(["accept", "reject"]);
});

test("wrong signatures are found by halves, each answered by itself", async () => {
  const many = members(Array.from({ length: 40 }, () => 1n));
  const { intake, batches } = scene();
  const height = openHeight(fakeApp(many), undefined, () => false);
  const wrong = new Set([3, 4, 31]);
  const forged = signVote(many[0] as (typeof many)[0], 0, PRECOMMIT, { height: 1, round: 0, blockId: BLOCK }).signature;
  const answers = many.map((member, index) => {
    const right = signVote(member, index, PREVOTE, { height: 1, round: 0, blockId: BLOCK });
    return Promise.resolve(intake.add(wrong.has(index) ? { ...right, signature: forged } : right, height));
  });
  for (const { answer } of await intake.verify(height, "all")) answer("accept");
  const verdicts = await Promise.all(answers);
  expect(verdicts.flatMap((verdict, index) => (verdict === "reject" ? [index] : []))).toEqual([...wrong]);
  expect(verdicts.filter((verdict) => verdict === "accept").length).toBe(37);
  // One by one it would be forty.
  expect(batches.length).toBeLessThan(30);
});
