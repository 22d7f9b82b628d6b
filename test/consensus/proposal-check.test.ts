import { describe, expect, test } from "vitest";
import { makeCommit } from "../../chain/commit.ts";
import { type Bls, createBls } from "../../chain/crypto/bls.ts";
import { rememberingBls } from "../../chain/crypto/remembering-bls.ts";
import { randaoRoot } from "../../chain/executor/randomness.ts";
import { Body, type SignedProposal } from "../../chain/types/block.ts";
import { type Commit, PRECOMMIT } from "../../chain/types/vote.ts";
import { proposalRoot, voteRoot } from "../../chain/vote-signing.ts";
import { type Height, openHeight } from "../../consensus/driver/height.ts";
import { proposalFault } from "../../consensus/driver/proposal-check.ts";
import { fakeApp } from "./fake-app.ts";
import { bls, idOf, makeBlock, members, signVote, spec } from "./fixture.ts";

const all = members([1n, 1n, 1n, 1n]);
const member = (index: number) => {
  const found = all[index];
  if (found === undefined) throw new Error(`no member ${index}`);
  return found;
};
const PARENT = new Uint8Array(32).fill(9);

function commitOf(signers: readonly number[]): Commit {
  const votes = signers.map((i) => signVote(member(i), i, PRECOMMIT, { height: 1, round: 0, blockId: PARENT }));
  return makeCommit(
    votes,
    all.map(({ validator }) => validator),
    bls,
  );
}

/** Height 2 with the parent's set, and what its first proposer says. */
function scene(change: { commit?: Partial<Commit>; randaoReveal?: Uint8Array; signer?: number } = {}) {
  const app = fakeApp(all);
  const opened = openHeight(app, undefined, () => false);
  const height: Height = {
    ...opened,
    config: { ...opened.config, height: 2 },
    parentValidators: all.map(({ validator }) => validator),
  };
  const proposer = height.config.proposer(0);
  const key = member(proposer).key;
  const block = makeBlock({
    height: 2,
    time: 5,
    proposerIndex: proposer,
    parentId: PARENT,
    lastCommit: { ...commitOf([0, 1, 2]), ...change.commit },
  });
  const body = { ...block.body, randaoReveal: change.randaoReveal ?? key.sign(randaoRoot(2, spec.genesisRoot)) };
  const header = { ...block.header, bodyRoot: Body.hashTreeRoot(body) };
  const proposal = { height: 2, round: 0, polRound: 0, blockId: idOf({ header, body }) };
  const signature = member(change.signer ?? proposer).key.sign(proposalRoot(proposal, spec.genesisRoot));
  const signed: SignedProposal = { proposal, signature, block: { header, body } };
  return { height, signed, publicKey: key.publicKey };
}

function counting(): { bls: Bls; batches: number[]; single: { count: number } } {
  const library = createBls();
  const batches: number[] = [];
  const single = { count: 0 };
  const counted: Bls = {
    ...library,
    verify(set) {
      single.count++;
      return library.verify(set);
    },
    verifyBatch(sets) {
      if (sets.length > 0) batches.push(sets.length);
      return library.verifyBatch(sets);
    },
    verifyAggregate(...args) {
      single.count++;
      return library.verifyAggregate(...args);
    },
  };
  return { bls: rememberingBls(counted), batches, single };
}

describe("the signatures of a proposal and its block", () => {
  test("are verified in one batch, and execution then knows the reveal and the last commit", () => {
    const { height, signed, publicKey } = scene();
    const { bls: counted, batches, single } = counting();
    expect(proposalFault(signed, height, spec, counted)).toBeUndefined();
    expect(batches).toEqual([3]);
    const { lastCommit, randaoReveal } = signed.block.body;
    expect(counted.verify({ publicKey, message: randaoRoot(2, spec.genesisRoot), signature: randaoReveal })).toBe(true);
    const message = voteRoot(PRECOMMIT, { height: 1, round: 0, blockId: PARENT }, spec.genesisRoot);
    const signers = [0, 1, 2].map((i) => member(i).validator.voteKey);
    expect(counted.verifyAggregate(signers, message, lastCommit.signature)).toBe(true);
    expect([batches, single.count]).toEqual([[3], 0]);
  });

  test.each<[string, Parameters<typeof scene>[0]]>([
    ["a reveal that is no signature", { randaoReveal: new Uint8Array(96) }],
    ["another's reveal", { randaoReveal: member(3).key.sign(randaoRoot(2, spec.genesisRoot)) }],
    ["a last commit that is no signature", { commit: { signature: new Uint8Array(96) } }],
    ["a last commit of others than it says", { commit: { signature: commitOf([1, 2, 3]).signature } }],
  ])("%s is execution's to judge and is not remembered as right", (_, change) => {
    const { height, signed, publicKey } = scene(change);
    const { bls: counted } = counting();
    expect(proposalFault(signed, height, spec, counted)).toBeUndefined();
    const { lastCommit, randaoReveal } = signed.block.body;
    const message = voteRoot(PRECOMMIT, { height: 1, round: 0, blockId: PARENT }, spec.genesisRoot);
    const signers = [0, 1, 2].map((i) => member(i).validator.voteKey);
    const reveal = { publicKey, message: randaoRoot(2, spec.genesisRoot), signature: randaoReveal };
    expect(counted.verify(reveal)).toBe(change?.randaoReveal === undefined);
    expect(counted.verifyAggregate(signers, message, lastCommit.signature)).toBe(change?.commit === undefined);
  });

  test("a proposal that its proposer did not sign is at fault, whatever the block holds", () => {
    const { height, signed } = scene({ signer: 3 });
    expect(height.config.proposer(0)).not.toBe(3);
    expect(proposalFault(signed, height, spec, counting().bls)).toBe("not signed by the round's proposer");
  });
});
