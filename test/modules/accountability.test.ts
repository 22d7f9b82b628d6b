import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { duplicateVoteEvidence } from "../../chain/duplicate-vote.ts";
import { InvalidBlockError } from "../../chain/errors.ts";
import { paramsRoot } from "../../chain/executor/chain-state.ts";
import type {
  AggregateVote,
  AmnesiaChallenge,
  BlockEvidence,
  LightClientAttackEvidence,
} from "../../chain/types/evidence.ts";
import { Header } from "../../chain/types/header.ts";
import { PRECOMMIT, PREVOTE } from "../../chain/types/vote.ts";
import { openDemands } from "../../modules/slashing/amnesia.ts";
import { deadlines, demands } from "../../modules/slashing/store.ts";
import { type AccountableChain, type AccountableOptions, accountableChain } from "./accountable-chain.ts";
import { attribute } from "./network.ts";

const V = new Uint8Array(32).fill(1);
const W = new Uint8Array(32).fill(2);
const NIL = new Uint8Array(32);
const bytes = (fill: number) => new Uint8Array(32).fill(fill);
const STAKE = 10_000_000n;

async function chainOf(height: number, options: AccountableOptions = {}): Promise<AccountableChain> {
  const chain = await accountableChain(options);
  while (chain.height < height) await chain.block();
  return chain;
}

async function refusal(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (error instanceof InvalidBlockError) return error.reason;
    throw error;
  }
  throw new Error("the block was accepted");
}

/** A header of a height as it could have been instead of the chain's, with its certificate. */
function attack(
  chain: AccountableChain,
  height: number,
  signers: string,
  { round = 0, ...change }: Partial<Header> & { round?: number } = {},
): LightClientAttackEvidence {
  const header: Header = { ...chain.blockAt(height).header, stateRoot: bytes(9), ...change };
  return { header, commit: chain.commitOf(signers, header, round) };
}

function challenge(
  chain: AccountableChain,
  precommits: readonly [names: string, round: number, blockId?: Uint8Array],
  later: readonly [names: string, round: number, type?: 1 | 2, blockId?: Uint8Array],
  height = 1,
): AmnesiaChallenge {
  const [lockers, lockRound, v = V] = precommits;
  const [voters, round, type = PREVOTE, w = W] = later;
  return {
    precommits: chain.votes(lockers, PRECOMMIT, height, lockRound, v),
    later: chain.votes(voters, type, height, round, w),
  };
}

const types = (events: readonly { readonly type: string }[]) => events.map(({ type }) => type);

describe("a light-client attack", () => {
  const send = (chain: AccountableChain, evidence: LightClientAttackEvidence) =>
    chain.block({ lightClientAttacks: [evidence] }, { how: "forced" });

  test.each<[string, Partial<Header>]>([
    ["another validator set", { validatorsRoot: bytes(5) }],
    ["other parameters", { paramsRoot: bytes(5) }],
    ["a time that is not after its parent's", { time: 1 }],
    ["a proposer that is not in the set", { proposerIndex: 4 }],
  ])("with %s on the chain's own parent bars all who signed it, in whatever round", async (_, lie) => {
    const chain = await chainOf(4);
    const evidence = attack(chain, 2, "ab", { ...lie, round: 3 });
    const { events } = await chain.block({ lightClientAttacks: [evidence] });
    expect(chain.barred()).toBe("ab");
    const slashes = events.filter(({ type }) => type === "slash");
    expect(slashes.map((event) => attribute(event, "reason"))).toEqual(["light_client_attack", "light_client_attack"]);
    expect(chain.validator("a").tokens).toBe(STAKE - STAKE / 20n);
    expect(chain.validator("c").tokens).toBe(STAKE);
  });

  test("in the round that decided bars those who signed both, as the next block has the signers", async () => {
    const chain = await accountableChain();
    await chain.block();
    await chain.block({}, { round: 1, signers: "bcd" });
    for (let i = 0; i < 2; i++) await chain.block();
    const { events } = await chain.block({ lightClientAttacks: [attack(chain, 2, "ab", { round: 1 })] });
    expect(chain.barred()).toBe("b");
    expect(types(events)).toContain("slash");
    expect(
      attribute(
        events.find(({ type }) => type === "slash"),
        "reason",
      ),
    ).toBe("double_sign");
  });

  test("with a parent that is not the chain's is not called lunatic: whoever is on another branch signs such headers", async () => {
    const chain = await chainOf(4);
    const evidence = attack(chain, 2, "ab", { parentId: bytes(7), validatorsRoot: bytes(8), round: 2 });
    await chain.block({ lightClientAttacks: [evidence] });
    expect(chain.barred()).toBe("");
    expect(openDemands(chain.store.latest)).toMatchObject([{ fromRound: 2, toRound: 2, lockRound: 0 }]);
  });

  test("in a later round asks all signers for its polka; the polka leads to those who made it against their precommit", async () => {
    const chain = await chainOf(4);
    const evidence = attack(chain, 2, "abc", { round: 2 });
    const blockId = Header.hashTreeRoot(evidence.header);
    await chain.block({ lightClientAttacks: [evidence] });
    await chain.block({ polkas: [chain.votes("abc", PREVOTE, 2, 2, blockId)] });
    expect(openDemands(chain.store.latest)).toMatchObject([{ fromRound: 0, toRound: 1, lockRound: 0, blockId }]);
    for (let i = 0; i < 6; i++) await chain.block();
    // d has signed the chain's block alone.
    expect(chain.barred()).toBe("abc");
  });

  test("in an earlier round asks its signers for its polka, and those who moved on for the chain's", async () => {
    const chain = await accountableChain();
    await chain.block();
    await chain.block({}, { round: 3, signers: "bcd" });
    for (let i = 0; i < 2; i++) await chain.block();
    await chain.block({ lightClientAttacks: [attack(chain, 2, "ab", { round: 1 })] });
    const own = Header.hashTreeRoot(chain.blockAt(2).header);
    expect(openDemands(chain.store.latest).map(({ blockId, fromRound }) => [fromRound, blockId[0] === own[0]])).toEqual(
      expect.arrayContaining([
        [1, false],
        [3, true],
      ]),
    );
    // Those who precommitted after a polka can show it; nobody can show one of a header that two of four made up.
    await chain.block({ polkas: [chain.votes("acd", PREVOTE, 2, 3, own)] });
    for (let i = 0; i < 6; i++) await chain.block();
    expect(chain.barred()).toBe("ab");
  });

  test.each<[string, (chain: AccountableChain) => LightClientAttackEvidence]>([
    ["no block yet", (chain) => attack(chain, 4, "ab", { height: 5 })],
    ["not in a block yet", (chain) => attack(chain, 4, "ab")],
    ["of another header", (chain) => ({ ...attack(chain, 2, "ab"), header: chain.blockAt(3).header })],
    ["a commit of 2", (chain) => ({ ...attack(chain, 2, "ab"), header: chain.blockAt(3).header })],
    ["the chain's own block", (chain) => attack(chain, 2, "ab", { stateRoot: chain.blockAt(2).header.stateRoot })],
    ["more than a third of 40 is an attack", (chain) => attack(chain, 2, "a")],
    [
      "the aggregate signature is wrong",
      (chain) => {
        const good = attack(chain, 2, "ab");
        return { ...good, commit: { ...good.commit, signers: attack(chain, 2, "abc").commit.signers } };
      },
    ],
    [
      "bitfield of 3 bits",
      (chain) => {
        const good = attack(chain, 2, "ab");
        const { signers } = good.commit;
        return { ...good, commit: { ...good.commit, signers: Object.assign(signers.clone(), { bitLen: 3 }) } };
      },
    ],
  ])("is refused: %s", async (reason, make) => {
    const chain = await chainOf(4);
    if (reason === "of another header") {
      const evidence = attack(chain, 2, "ab");
      const lying = { ...evidence, header: { ...evidence.header, stateRoot: bytes(3) } };
      expect(await refusal(() => send(chain, lying))).toContain(reason);
    } else expect(await refusal(() => send(chain, make(chain)))).toContain(reason);
    expect(chain.barred()).toBe("");
    // And a proposer leaves it out.
    const { block } = await chain.block({
      lightClientAttacks: [make(chain)].filter(() => reason !== "not in a block yet"),
    });
    expect(block.body.evidence.lightClientAttacks).toEqual([]);
  });
});

describe("amnesia", () => {
  const send = (chain: AccountableChain, evidence: AmnesiaChallenge) =>
    chain.block({ amnesiaChallenges: [evidence] }, { how: "forced" });

  test("that nobody excuses in time costs stake and bars for ever, at the power of that height", async () => {
    const chain = await chainOf(3, { params: { "slashing.slashFractionAmnesia": 100_000n } });
    const { events } = await chain.block({ amnesiaChallenges: [challenge(chain, ["ab", 0], ["bc", 2])] });
    expect(types(events)).toEqual(["amnesia_challenge"]);
    for (let i = 0; i < 5; i++) await chain.block();
    expect(chain.barred()).toBe("");
    const end = await chain.block();
    expect(
      attribute(
        end.events.find(({ type }) => type === "slash"),
        "reason",
      ),
    ).toBe("amnesia");
    expect(chain.barred()).toBe("b");
    expect(chain.validator("b").tokens).toBe(STAKE - STAKE / 10n);
    expect(chain.setOf(chain.height + 1)).toHaveLength(3);
    expect(deadlines.entries(chain.store.latest)).toEqual([]);
  });

  test("that a polka excuses is closed for good, by anyone, up to the last block of the window", async () => {
    const chain = await chainOf(3);
    const asked = challenge(chain, ["ab", 0], ["bc", 2]);
    await chain.block({ amnesiaChallenges: [asked] });
    for (let i = 0; i < 4; i++) await chain.block();
    const { events } = await chain.block({ polkas: [chain.votes("acd", PREVOTE, 1, 1, W)] });
    expect(types(events)).toContain("amnesia_answered");
    for (let i = 0; i < 3; i++) await chain.block();
    // a prevoted against its precommit in round 1, and is asked in turn.
    expect(openDemands(chain.store.latest)).toMatchObject([{ fromRound: 0, toRound: 0 }]);
    const again = await chain.block({ amnesiaChallenges: [asked] });
    expect(types(again.events)).not.toContain("amnesia_challenge");
    expect(chain.barred()).toBe("");
  });

  test("an answer in the block after the window is too late", async () => {
    const chain = await chainOf(3);
    await chain.block({ amnesiaChallenges: [challenge(chain, ["ab", 0], ["bc", 2])] });
    for (let i = 0; i < 5; i++) await chain.block();
    await chain.block({ polkas: [chain.votes("acd", PREVOTE, 1, 1, W)] });
    expect(chain.barred()).toBe("b");
  });

  test.each<[string, 1 | 2, number, Uint8Array, boolean]>([
    ["the round of the lock", PREVOTE, 1, W, true],
    ["the last round before the prevote", PREVOTE, 3, W, true],
    ["the round before the lock", PREVOTE, 0, W, false],
    ["the round of the prevote itself", PREVOTE, 4, W, false],
    ["another block", PREVOTE, 2, V, false],
    ["the round of the precommit", PRECOMMIT, 4, W, true],
    ["a round before the precommit", PRECOMMIT, 3, W, false],
  ])("a polka of %s", async (_, type, round, blockId, excused) => {
    const chain = await chainOf(3);
    await chain.block({ amnesiaChallenges: [challenge(chain, ["a", 1], ["a", 4, type])] });
    await chain.block({ polkas: [chain.votes("bcd", PREVOTE, 1, round, blockId)] });
    for (let i = 0; i < 6; i++) await chain.block();
    expect(chain.barred()).toBe(excused ? "" : "a");
  });

  test("who is added to a challenge has a window of his own, and nobody is challenged twice", async () => {
    const chain = await chainOf(3);
    await chain.block({ amnesiaChallenges: [challenge(chain, ["a", 0], ["a", 2])] });
    await chain.block();
    const { events } = await chain.block({ amnesiaChallenges: [challenge(chain, ["ab", 0], ["ab", 2])] });
    expect(types(events)).toEqual(["amnesia_challenge"]);
    for (let i = 0; i < 4; i++) await chain.block();
    expect(chain.barred()).toBe("a");
    for (let i = 0; i < 2; i++) await chain.block();
    expect(chain.barred()).toBe("ab");
  });

  test("an open challenge keeps what judging it takes, and all of it is forgotten in the end", async () => {
    const chain = await chainOf(20, { params: { "slashing.amnesiaWindow": 10n } });
    await chain.block({ amnesiaChallenges: [challenge(chain, ["a", 0], ["a", 2])] });
    while (chain.height < 29) await chain.block();
    await chain.block({ polkas: [chain.votes("bcd", PREVOTE, 1, 1, W)] });
    expect(demands.entries(chain.store.latest)).toHaveLength(1);
    for (let i = 0; i < 10; i++) await chain.block();
    expect(demands.entries(chain.store.latest)).toEqual([]);
    expect(chain.barred()).toBe("");
  });

  const nobody = (votes: AggregateVote) => ({
    ...votes,
    signers: Object.assign(votes.signers.clone(), { uint8Array: new Uint8Array(1) }),
  });
  test.each<[string, (chain: AccountableChain) => AmnesiaChallenge]>([
    ["no block yet", (chain) => challenge(chain, ["a", 0], ["a", 1], 4)],
    ["round 0 is not after round 0", (chain) => challenge(chain, ["a", 0], ["a", 0])],
    ["are for one block", (chain) => challenge(chain, ["a", 0], ["a", 1, PREVOTE, V])],
    ["nobody signed both", (chain) => challenge(chain, ["ab", 0], ["cd", 1])],
    ["precommits: votes for nil", (chain) => challenge(chain, ["a", 0, NIL], ["a", 1])],
    ["later votes: votes for nil", (chain) => challenge(chain, ["a", 0], ["a", 1, PREVOTE, NIL])],
    [
      "no precommits",
      (chain) => ({ ...challenge(chain, ["a", 0], ["a", 1]), precommits: chain.votes("a", PREVOTE, 1, 0, V) }),
    ],
    [
      "of heights 2 and 1",
      (chain) => ({ ...challenge(chain, ["a", 0], ["a", 1]), precommits: chain.votes("a", PRECOMMIT, 2, 0, V) }),
    ],
    [
      "later votes: the aggregate signature is wrong",
      (chain) => {
        const good = challenge(chain, ["a", 0], ["a", 1]);
        return { ...good, later: { ...good.later, signature: good.precommits.signature } };
      },
    ],
    [
      "no type of vote",
      (chain) => {
        const good = challenge(chain, ["a", 0], ["a", 1]);
        return { ...good, later: { ...good.later, type: 3 } };
      },
    ],
    [
      "nobody signed",
      (chain) => {
        const good = challenge(chain, ["a", 0], ["a", 1]);
        return { ...good, later: nobody(good.later) };
      },
    ],
  ])("a challenge is refused: %s", async (reason, make) => {
    const chain = await chainOf(3);
    expect(await refusal(() => send(chain, make(chain)))).toContain(reason);
    const { block } = await chain.block({ amnesiaChallenges: [make(chain)].filter(() => reason !== "no block yet") });
    expect(block.body.evidence.amnesiaChallenges).toEqual([]);
  });

  test.each<[string, (chain: AccountableChain) => AggregateVote]>([
    ["more than two thirds of 40 are needed", (chain) => chain.votes("ab", PREVOTE, 1, 1, W)],
    ["made of prevotes", (chain) => chain.votes("abc", PRECOMMIT, 1, 1, W)],
    ["no block yet", (chain) => chain.votes("abc", PREVOTE, 9, 1, W)],
    ["votes for nil", (chain) => chain.votes("abc", PREVOTE, 1, 1, NIL)],
    ["signature is wrong", (chain) => ({ ...chain.votes("abc", PREVOTE, 1, 1, W), round: 2 })],
  ])("a polka is refused: %s", async (reason, make) => {
    const chain = await chainOf(3);
    expect(await refusal(() => chain.block({ polkas: [make(chain)] }, { how: "forced" }))).toContain(reason);
  });
});

describe("one fault", () => {
  test("counts until both limits are exceeded, whatever its kind", async () => {
    // Blocks of a tenth of a second: after 25 the one limit is passed and the other is not.
    const young = await accountableChain();
    while (young.height < 25) await young.block({}, { after: 100 });
    const pair = duplicateVoteEvidence(young.vote("a", PREVOTE, 1, 0, V), young.vote("a", PREVOTE, 1, 0, W));
    await young.block({ duplicateVotes: [pair] }, { after: 100, how: "forced" });
    await young.block({ lightClientAttacks: [attack(young, 1, "bc")] }, { after: 100, how: "forced" });
    expect(young.barred()).toBe("abc");

    const old = await chainOf(23);
    for (const some of [
      { duplicateVotes: [duplicateVoteEvidence(old.vote("a", PREVOTE, 2, 0, V), old.vote("a", PREVOTE, 2, 0, W))] },
      { lightClientAttacks: [attack(old, 2, "bc")] },
      { amnesiaChallenges: [challenge(old, ["a", 0], ["a", 1], 2)] },
    ]) {
      expect(await refusal(() => old.block(some, { how: "forced" }))).toMatch(/not retained|the limits are 20 blocks/);
    }
  });

  test("is punished once, whatever proves it, in whatever order and however often", async () => {
    const kinds = ["pair", "swapped", "precommits", "samePair", "attack", "lunatic", "challenge"] as const;
    const order = fc.shuffledSubarray([...kinds, ...kinds], { minLength: 2, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(order, fc.integer({ min: 1, max: 3 }), async (chosen, perBlock) => {
        const chain = await chainOf(4);
        const twice = (type: 1 | 2, height: number, round: number, ids: readonly [Uint8Array, Uint8Array]) =>
          duplicateVoteEvidence(
            chain.vote("a", type, height, round, ids[0]),
            chain.vote("a", type, height, round, ids[1]),
          );
        const both = attack(chain, 2, "ab");
        const own = Header.hashTreeRoot(chain.blockAt(2).header);
        const pieces: Readonly<Record<(typeof kinds)[number], Partial<BlockEvidence>>> = {
          pair: { duplicateVotes: [twice(PREVOTE, 2, 0, [V, W])] },
          swapped: { duplicateVotes: [twice(PREVOTE, 2, 0, [W, V])] },
          precommits: { duplicateVotes: [twice(PRECOMMIT, 3, 1, [V, NIL])] },
          // The very votes of the attack.
          samePair: { duplicateVotes: [twice(PRECOMMIT, 2, 0, [own, Header.hashTreeRoot(both.header)])] },
          attack: { lightClientAttacks: [both] },
          lunatic: { lightClientAttacks: [attack(chain, 2, "ab", { validatorsRoot: bytes(5) })] },
          challenge: { amnesiaChallenges: [challenge(chain, ["a", 0], ["a", 2])] },
        };
        for (let from = 0; from < chosen.length; from += perBlock) {
          const some = chosen.slice(from, from + perBlock).map((kind) => pieces[kind]);
          await chain.block({
            duplicateVotes: some.flatMap(({ duplicateVotes }) => duplicateVotes ?? []),
            lightClientAttacks: some.flatMap(({ lightClientAttacks }) => lightClientAttacks ?? []),
            amnesiaChallenges: some.flatMap(({ amnesiaChallenges }) => amnesiaChallenges ?? []),
          });
        }
        for (let i = 0; i < 6; i++) await chain.block();
        const isAttack = chosen.some((kind) => kind === "attack" || kind === "lunatic");
        expect(chain.barred()).toBe(isAttack ? "ab" : "a");
        for (const name of chain.barred()) expect(chain.validator(name).tokens).toBe(STAKE - STAKE / 20n);
        expect(chain.validator("c").tokens).toBe(STAKE);
      }),
      { numRuns: 12 },
    );
  });

  test("the state knows the parameters of a height as its header does", async () => {
    const chain = await chainOf(2);
    expect(chain.blockAt(2).header.paramsRoot).toEqual(paramsRoot(chain.params));
  });
});
