import { expect, test } from "vitest";
import { JOB_STATUS } from "../../modules/inference/store.ts";
import { suspendedUntil } from "../../modules/inference/suspension.ts";
import { bondedTokens } from "../../modules/staking/keeper.ts";
import { addressOf } from "../modules/network.ts";
import { type Chain, createChain, jobOutput, manifestOf } from "./harness.ts";

const PARAMS = { "inference.absenceMinSample": 3n, "inference.suspendBlocks": 30n, "inference.appealWindow": 5n };
const FIVE = { alice: 10n, bob: 10n, carol: 10n, dave: 10n, erin: 10n };

/** A job that these members answer, until its books are closed. @returns its committee's size. */
function job(chain: Chain, members: readonly string[], change = {}): number {
  const [jobId = new Uint8Array()] = chain.request(1, change);
  const { committeeSize, direct } = chain.job(jobId);
  const commitments = direct ? [] : members.map((name) => chain.commit(name, jobId, 7));
  if (!direct) chain.block({ commitments });
  while (chain.job(jobId).status === JOB_STATUS.committing) chain.block();
  const reveals = members.map((name) => chain.reveal(name, jobId, 7));
  if (chain.job(jobId).status === JOB_STATUS.revealing) {
    const isFinal = members.length * 3 > committeeSize * 2;
    chain.block({ reveals, ...(isFinal ? { outputs: [jobOutput(jobId, 7)] } : {}) });
  }
  while (!chain.job(jobId).settled) chain.block();
  return committeeSize;
}

const until = (chain: Chain, name: string): number => suspendedUntil(chain.store, addressOf(name), 0);
const PRESENT = ["alice", "bob", "carol", "dave"];

test("who is absent too often has no seat for a while, keeps its stake, and comes back by itself", () => {
  const chain = createChain({ validators: FIVE, params: PARAMS });
  expect([job(chain, PRESENT), job(chain, PRESENT)]).toEqual([5, 5]);
  expect(until(chain, "erin")).toBe(0);
  job(chain, PRESENT);
  const end = until(chain, "erin");
  expect(end).toBe(chain.height + 30);
  expect(job(chain, PRESENT)).toBe(4);
  expect(bondedTokens(chain.store, addressOf("erin"))).toBe(10_000_000n);
  expect(chain.validators).toHaveLength(5);
  chain.pass(end - chain.height);
  expect(until(chain, "erin")).toBe(0);
  expect(job(chain, [...PRESENT, "erin"])).toBe(5);
  expect(chain.violations()).toEqual([]);
});

test("who is there often enough, or is asked too rarely, is not suspended", () => {
  const chain = createChain({ validators: FIVE, params: PARAMS });
  for (let i = 0; i < 8; i++) job(chain, i % 2 === 1 ? PRESENT : [...PRESENT, "erin"]);
  expect(until(chain, "erin")).toBe(0);
  // Counted anew in each window.
  const slow = createChain({ validators: FIVE, params: { ...PARAMS, "inference.absenceWindow": 10n } });
  for (let i = 0; i < 5; i++) job(slow, PRESENT);
  expect(until(slow, "erin")).toBe(0);
});

test("no more than a third of a tier's power is suspended at once", () => {
  const seven = { ...FIVE, frank: 10n, grace: 10n };
  const chain = createChain({ validators: seven, params: PARAMS });
  for (let i = 0; i < 5; i++) job(chain, [...PRESENT, "erin"]);
  expect([until(chain, "frank"), until(chain, "grace")].filter((end) => end > 0)).toHaveLength(2);
  // Two of seven are out; a third one would be three of seven.
  for (let i = 0; i < 5; i++) job(chain, PRESENT);
  expect(until(chain, "erin")).toBe(0);
});

test("jobs that failed, or whose requester left too little time, count for nothing", () => {
  const chain = createChain({ validators: FIVE, params: PARAMS });
  for (let i = 0; i < 5; i++) job(chain, ["alice", "bob"]);
  for (let i = 0; i < 5; i++) job(chain, PRESENT, { deadline: BigInt(chain.height + 6) });
  expect(["carol", "dave", "erin"].map((name) => until(chain, name))).toEqual([0, 0, 0]);
});

test("where there are no commitments, who does not reveal is absent", () => {
  const chain = createChain({ validators: FIVE, params: PARAMS, models: [manifestOf("digits", { direct: true })] });
  for (let i = 0; i < 3; i++) job(chain, PRESENT);
  expect(until(chain, "erin")).toBeGreaterThan(0);
  expect(until(chain, "alice")).toBe(0);
});
