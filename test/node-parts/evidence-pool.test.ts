import { describe, expect, test } from "vitest";
import { duplicateVoteEvidence } from "../../chain/duplicate-vote.ts";
import { type AmnesiaChallenge, type BlockEvidence, NO_EVIDENCE } from "../../chain/types/evidence.ts";
import { PRECOMMIT, PREVOTE } from "../../chain/types/vote.ts";
import { steadyClock } from "../../node/clock.ts";
import {
  decodeEvidence,
  type EvidenceMessage,
  encodeEvidence,
  type VoteEvidence,
} from "../../node/evidence-message.ts";
import { createEvidencePool } from "../../node/evidence-pool.ts";
import { NO_INLINE_RUNS } from "../../node/inline/inline-runs.ts";
import { createLedger } from "../../node/ledger.ts";
import { readPolkas } from "../../node/polka-store.ts";
import type { StateStore } from "../../state/store.ts";
import { type AccountableChain, accountableChain, runtime } from "../modules/accountable-chain.ts";
import { silentLog } from "./silent-log.ts";

const V = new Uint8Array(32).fill(1);
const W = new Uint8Array(32).fill(2);

async function setup(height = 3) {
  const chain = await accountableChain();
  while (chain.height < height) await chain.block();
  const log = silentLog();
  const view = () => ({ runtime, base: chain.store.latest, time: chain.time + 1000 });
  return { chain, log, pool: createEvidencePool({ view, log }) };
}

function pair(chain: AccountableChain, name: string, height: number, round = 0): VoteEvidence {
  const votes = [V, W].map((id) => chain.vote(name, PREVOTE, height, round, id));
  const [a, b] = votes;
  if (a === undefined || b === undefined) throw new Error("two votes");
  return { kind: "duplicateVote", evidence: duplicateVoteEvidence(a, b) };
}

function challenge(
  chain: AccountableChain,
  names: string,
  round = 2,
): { kind: "amnesiaChallenge"; evidence: AmnesiaChallenge } {
  const evidence = {
    precommits: chain.votes(names, PRECOMMIT, 1, 0, V),
    later: chain.votes(names, PREVOTE, 1, round, W),
  };
  return { kind: "amnesiaChallenge", evidence };
}

const polka = (chain: AccountableChain, round = 1): VoteEvidence => ({
  kind: "polka",
  evidence: chain.votes("bcd", PREVOTE, 1, round, W),
});

function attack(chain: AccountableChain, signers = "ab"): VoteEvidence {
  const header = { ...chain.blockAt(1).header, stateRoot: V };
  return { kind: "lightClientAttack", evidence: { header, commit: chain.commitOf(signers, header, 0) } };
}

const countOf = (waiting: BlockEvidence) =>
  [waiting.duplicateVotes, waiting.lightClientAttacks, waiting.amnesiaChallenges, waiting.polkas].map(
    ({ length }) => length,
  );

describe("evidence that waits for a block", () => {
  test("is one piece for each fault, and few of each validator", async () => {
    const { chain, pool } = await setup();
    expect([pool.found(pair(chain, "a", 1)), pool.found(pair(chain, "a", 1, 3))]).toEqual([true, false]);
    for (let height = 2; height < 20; height++) pool.found(pair(chain, "a", height));
    expect(pool.count).toBe(4);
    expect(pool.found(pair(chain, "b", 1))).toBe(true);
  });

  test("is verified when a peer says it: what is forged counts against the peer, what is of no use does not", async () => {
    const { chain, pool } = await setup();
    const forged = (found: VoteEvidence): VoteEvidence => {
      const zero = new Uint8Array(96);
      if (found.kind === "duplicateVote") {
        const { voteA, voteB } = found.evidence;
        return { ...found, evidence: { voteA: { ...voteA, signature: zero }, voteB } };
      }
      if (found.kind === "lightClientAttack") {
        return { ...found, evidence: { ...found.evidence, commit: { ...found.evidence.commit, signature: zero } } };
      }
      if (found.kind === "polka") return { ...found, evidence: { ...found.evidence, signature: zero } };
      return { ...found, evidence: { ...found.evidence, later: { ...found.evidence.later, signature: zero } } };
    };
    const good = [pair(chain, "a", 1), attack(chain, "bc"), challenge(chain, "d")];
    expect(good.map((one) => pool.hear(forged(one)))).toEqual(["reject", "reject", "reject"]);
    expect(good.map((one) => pool.hear(one))).toEqual(["accept", "accept", "accept"]);
    expect(good.map((one) => pool.hear(one))).toEqual(["ignore", "ignore", "ignore"]);
    expect(countOf(pool.waiting())).toEqual([1, 1, 1, 0]);
    // Early, of no attack, and an answer that nobody asked for, be it forged or not.
    const idle = [pair(chain, "a", 9), attack(chain, "a"), polka(chain), forged(polka(chain))];
    expect(idle.map((one) => pool.hear(one))).toEqual(["ignore", "ignore", "ignore", "ignore"]);
    await chain.block({ amnesiaChallenges: [challenge(chain, "d").evidence] });
    expect([pool.hear(forged(polka(chain))), pool.hear(polka(chain))]).toEqual(["reject", "accept"]);
  });

  test("is forgotten once a block has carried it, or it has become useless", async () => {
    const { chain, pool } = await setup();
    const own = [pair(chain, "a", 1), pair(chain, "a", 2), attack(chain, "cd"), challenge(chain, "b")];
    for (const one of own) pool.found(one);
    // Of a height that is still under way.
    pool.found(pair(chain, "d", 4));
    const { block } = await chain.block(pool.waiting());
    expect(countOf(block.body.evidence)).toEqual([2, 1, 1, 0]);
    pool.committed(block.body.evidence);
    expect(countOf(pool.waiting())).toEqual([1, 0, 0, 0]);
    expect(own.map((one) => pool.hear(one))).toEqual(["ignore", "ignore", "ignore", "ignore"]);
    expect(pool.hear(pair(chain, "a", 3))).toBe("ignore");
    pool.found(polka(chain));
    await chain.block({ polkas: [chain.votes("bcd", PREVOTE, 1, 1, W)] });
    pool.committed(NO_EVIDENCE);
    expect(countOf(pool.waiting())).toEqual([0, 0, 0, 0]);
  });

  test("a flood of sums of the same votes leaves room for other heights", async () => {
    const { chain, pool } = await setup();
    for (let round = 1; round < 60; round++) pool.hear(challenge(chain, "abcd", round));
    expect(countOf(pool.waiting())).toEqual([0, 0, 8, 0]);
    const other = { precommits: chain.votes("a", PRECOMMIT, 2, 0, V), later: chain.votes("a", PREVOTE, 2, 1, W) };
    expect(pool.hear({ kind: "amnesiaChallenge", evidence: other })).toBe("accept");
  });

  test("a fault in judging costs what waits and not the commit", async () => {
    const chain = await accountableChain();
    const log = silentLog();
    let isBroken = false;
    const pool = createEvidencePool({
      view() {
        if (isBroken) throw new Error("a bug");
        return { runtime, base: chain.store.latest, time: chain.time + 1000 };
      },
      log,
    });
    pool.found(pair(chain, "a", 1));
    isBroken = true;
    pool.committed(NO_EVIDENCE);
    expect(pool.count).toBe(0);
  });
});

test("evidence of every kind comes back from its bytes, and other bytes are none", async () => {
  const { chain } = await setup();
  const messages: EvidenceMessage[] = [pair(chain, "a", 1), attack(chain), challenge(chain, "a"), polka(chain)];
  for (const message of messages) expect(decodeEvidence(encodeEvidence(message))).toEqual(message);
  const [first] = messages;
  if (first === undefined) throw new Error("none");
  const bytes = encodeEvidence(first);
  for (const kind of [0, 2, 3, 4, 5, 255]) {
    expect(decodeEvidence(Uint8Array.from([kind, ...bytes.subarray(1)]))).toBeUndefined();
  }
  expect(decodeEvidence(new Uint8Array(0))).toBeUndefined();
  expect(decodeEvidence(Uint8Array.from([...bytes, 0]))).toBeUndefined();
});

describe("a node that saw the polka", () => {
  async function witness(chain: AccountableChain) {
    const store: StateStore = await chain.genesisStore();
    const said: EvidenceMessage[] = [];
    const ledger = createLedger({
      runtime,
      store,
      mempool: { maxTxs: 10, maxBytes: 10_000 },
      inline: NO_INLINE_RUNS,
      clock: steadyClock,
      retainBlocks: 0,
      log: silentLog(),
      onLateCommitment: () => undefined,
      onLateReveal: () => undefined,
      onEvidence: (message) => void said.push(message),
      onCommitted: () => undefined,
    });
    return { store, ledger, said };
  }

  test("answers the challenge for whoever is challenged, until a block has the answer; and forgets it with the height", async () => {
    const chain = await accountableChain();
    const { store, ledger, said } = await witness(chain);
    const seen = chain.votes("bcd", PREVOTE, 1, 1, W);
    await ledger.app.commit(await chain.block(), { polkas: [seen], challenges: [] });
    expect(readPolkas(store, 1)).toEqual([seen]);
    await ledger.app.commit(await chain.block());
    expect(said).toEqual([]);
    await ledger.app.commit(await chain.block({ amnesiaChallenges: [challenge(chain, "a").evidence] }));
    await ledger.app.commit(await chain.block());
    expect(said).toEqual([polka(chain), polka(chain)]);
    expect(ledger.app.hasWork()).toBe(true);
    await ledger.app.commit(await chain.block(ledger.evidence.waiting()));
    expect(said).toHaveLength(2);
    expect(ledger.app.hasWork()).toBe(false);
    while (chain.height < 30) await ledger.app.commit(await chain.block());
    expect(chain.barred()).toBe("");
    expect(readPolkas(store, 1)).toEqual([]);
  });

  test("challenges for what no polka excuses, once the height is committed, and tells others", async () => {
    const chain = await accountableChain();
    const { ledger, said } = await witness(chain);
    const found = challenge(chain, "b");
    await ledger.app.commit(await chain.block(), { polkas: [], challenges: [found.evidence] });
    expect(said).toEqual([found]);
    await ledger.app.commit(await chain.block(ledger.evidence.waiting()));
    expect(ledger.evidence.count).toBe(0);
    for (let i = 0; i < 6; i++) await chain.block();
    expect(chain.barred()).toBe("b");
  });
});
