import { afterEach, expect, test } from "vitest";
import { verifyPolka } from "../../chain/aggregate-vote.ts";
import { checkAmnesiaChallenge } from "../../chain/amnesia.ts";
import { PRECOMMIT, PREVOTE } from "../../chain/types/vote.ts";
import type { Testimony } from "../../consensus/driver/testimony.ts";
import { bls, type Member, NIL, signVote, spec } from "./fixture.ts";
import { lowest, startAll, type TestNetwork, testNetwork } from "./network.ts";

let network: TestNetwork | undefined;

afterEach(async () => {
  await network?.close();
  network = undefined;
});

const [PROPOSER, NEXT, LATE, LOCKED] = [0, 1, 2, 3];
const isNil = (blockId: Uint8Array): boolean => Buffer.compare(blockId, NIL) === 0;

/**
 * Real drivers in virtual time. In round 0 only LOCKED sees a polka, in round 1 NEXT proposes another block, which gets
 * the prevotes of all others: LOCKED moves its lock, as it should.
 */
function movedLock(): TestNetwork {
  const net = testNetwork([1n, 1n, 1n, 1n]);
  network = net;
  net.deliver = (message, to) => {
    if ("proposal" in message) return message.proposal.proposal.round > 0 || to !== NEXT;
    const { height, round, type } = message.vote;
    if (height > 1 || round > 0 || type !== PREVOTE || to === LOCKED) return true;
    // Two of the prevotes for the block, and the one for nil.
    return message.from !== LATE && (to !== LATE || message.from !== PROPOSER);
  };
  return net;
}

const validatorsOf = (net: TestNetwork) => net.set.map(({ validator }) => validator);

function testimonyOf(net: TestNetwork, node: number): Testimony {
  const [first] = net.nodes[node]?.app.testimonies ?? [];
  if (first === undefined) throw new Error("nothing was committed");
  return first;
}

test("a validator that moved its lock keeps the polka that let it, also when it was restarted in between", async () => {
  const net = movedLock();
  await startAll(net);
  const precommitted = (round: number): boolean =>
    net.sent.some(
      (message) =>
        "vote" in message &&
        message.from === LOCKED &&
        message.vote.type === PRECOMMIT &&
        message.vote.round === round &&
        !isNil(message.vote.blockId),
    );
  await net.until(() => precommitted(0));
  await net.crash(LOCKED);
  await net.restart(LOCKED);
  await net.until(() => lowest(net) >= 1);
  expect(precommitted(1)).toBe(true);
  const { polkas, challenges } = testimonyOf(net, LOCKED);
  expect(polkas.map(({ round }) => round)).toEqual([0, 1]);
  for (const polka of polkas) expect(typeof verifyPolka(polka, validatorsOf(net), spec, bls)).toBe("object");
  expect(challenges).toEqual([]);
  for (const node of [PROPOSER, NEXT, LATE]) expect(testimonyOf(net, node).challenges).toEqual([]);
});

test("what comes after its height was decided is compared with what came in time, and verified only where it contradicts", async () => {
  const net = testNetwork([1n, 1n, 1n, 1n], { blockInterval: 100n });
  network = net;
  await startAll(net);
  await net.until(() => lowest(net) >= 1);
  const [first] = net.nodes;
  const say = (index: number, type: 1 | 2, round: number, fill: number): void => {
    const data = { height: 1, round, blockId: new Uint8Array(32).fill(fill) };
    const vote = signVote(net.set[index] as Member, index, type, data);
    void first?.driver.onVote(vote, "somebody");
    // The same in another's name is a forgery.
    void first?.driver.onVote({ ...vote, validatorIndex: LATE }, "somebody");
  };
  say(NEXT, PREVOTE, 4, 9);
  say(PROPOSER, PREVOTE, 0, 9);
  // For nil, and before any precommit of its own: no contradiction.
  say(LOCKED, PREVOTE, 5, 0);
  await net.until(() => lowest(net) >= 2);
  const { challenges, evidence } = first?.app ?? { challenges: [], evidence: [] };
  expect(evidence.map(({ voteA }) => [voteA.validatorIndex, voteA.type])).toEqual([[PROPOSER, PREVOTE]]);
  expect(challenges.map(({ later }) => later.signers.getTrueBitIndexes())).toEqual([[NEXT]]);
  const [challenge] = challenges;
  if (challenge === undefined) throw new Error("nobody was challenged");
  expect(checkAmnesiaChallenge(challenge, validatorsOf(net), spec, bls)).toMatchObject({ accused: [NEXT] });
});

test("a vote against an earlier precommit is challenged by those who heard both, and by its signatures alone", async () => {
  const net = testNetwork([1n, 1n, 1n, 1n], { blockInterval: 100n });
  network = net;
  await startAll(net);
  const accused = net.set[NEXT] as Member;
  // For a block that nobody has proposed.
  const later = signVote(accused, NEXT, PREVOTE, { height: 2, round: 3, blockId: new Uint8Array(32).fill(9) });
  const [first] = net.nodes;
  await net.until(() => lowest(net) >= 1);
  // Its verdict comes with its verification: not waited for, or time would stand still.
  void first?.driver.onVote(later, "node1");
  await net.until(() => lowest(net) >= 3);
  const [, second] = first?.app.testimonies ?? [];
  // Its precommit may be the one that is late.
  const [challenge, ...others] = [...(second?.challenges ?? []), ...(first?.app.challenges ?? [])];
  expect(others).toEqual([]);
  if (challenge === undefined) throw new Error("nobody was challenged");
  expect(checkAmnesiaChallenge(challenge, validatorsOf(net), spec, bls)).toMatchObject({
    height: 2,
    fromRound: 0,
    toRound: 2,
    accused: [NEXT],
  });
});
