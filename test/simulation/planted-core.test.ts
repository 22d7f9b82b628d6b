import { expect, test, vi } from "vitest";
import type * as Core from "../../consensus/core/core.ts";
import type { transition as Transition } from "../../consensus/core/core.ts";
import type * as Quorum from "../../consensus/core/quorum.ts";
import { findings, firstFinding } from "./planted.ts";
import { amnesia } from "./strategies/amnesia.ts";
import { equivocateProposals } from "./strategies/equivocate-proposals.ts";
import { equivocateVotes } from "./strategies/equivocate-votes.ts";

/** What the core of every node is made to do wrong. */
const plant = vi.hoisted(() => ({
  isQuorum: undefined as ((power: bigint, total: bigint) => boolean) | undefined,
  transition: undefined as ((honest: typeof Transition) => typeof Transition) | undefined,
}));

vi.mock("../../consensus/core/quorum.ts", async (original) => {
  const honest = await original<typeof Quorum>();
  return {
    ...honest,
    isQuorum: (power: bigint, total: bigint) => plant.isQuorum?.(power, total) ?? honest.isQuorum(power, total),
  };
});

vi.mock("../../consensus/core/core.ts", async (original) => {
  const honest = await original<typeof Core>();
  const transition: typeof Transition = (state, input) =>
    (plant.transition?.(honest.transition) ?? honest.transition)(state, input);
  return { ...honest, transition };
});

const LIAR = [[equivocateVotes, equivocateProposals]];
const BAD_NETWORK = { latency: 5, jitter: 40, loss: 0.3, duplication: 0.05, partitions: [], oneWay: [] };

test("with the right core the same runs are good", async () => {
  const { first } = await findings({ byzantine: LIAR, network: BAD_NETWORK, healAt: 3000, heights: 1 }, 6);
  expect(first).toEqual([]);
}, 120_000);

test("planted fault: a quorum of half is found, by a disagreement or a certificate that does not hold", async () => {
  plant.isQuorum = (power, total) => 2n * power >= total;
  const options = { byzantine: LIAR, network: BAD_NETWORK, healAt: 3000, heights: 1 };
  const found = await firstFinding(
    options,
    { from: 0, to: 10 },
    /^disagreement|certificate does not hold|invalid block/,
  );
  plant.isQuorum = undefined;
  expect(found).toBeDefined();
}, 120_000);

test("planted fault: a core that forgets its lock is found by a disagreement", async () => {
  plant.transition = (honest) => (state, input) => honest({ ...state, locked: undefined, valid: undefined }, input);
  const options = { byzantine: [[amnesia, equivocateVotes, equivocateProposals]], healAt: 4000, heights: 1 };
  const network = { ...BAD_NETWORK, loss: 0.45 };
  const found = await firstFinding({ ...options, network }, { from: 10, to: 60 }, /^disagreement/);
  plant.transition = undefined;
  expect(found).toBeDefined();
}, 120_000);
