import { expect, test } from "vitest";
import { toHex } from "../../chain/bytes.ts";
import { JOB_STATUS, jobInputs, jobOutputs, penalties, receipts } from "../../modules/inference/store.ts";
import { bondedTokens } from "../../modules/staking/keeper.ts";
import { addressOf } from "../modules/network.ts";
import { createChain, FOUR, jobOutput, outputOf, values } from "./harness.ts";

const NAMES = Object.keys(FOUR);

test("a job is final two blocks after its request", () => {
  const chain = createChain();
  const [jobId] = chain.request() as [Uint8Array];
  expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.committing, requestedHeight: 1, committeePower: 40n });
  const closed = chain.block({ commitments: NAMES.map((name) => chain.commit(name, jobId, 7)) });
  expect(values(closed, "inference_reveals", "reason")).toEqual(["complete"]);
  expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.revealing, commitEnd: 2, revealEnd: 5 });
  const events = chain.block({
    reveals: NAMES.map((name) => chain.reveal(name, jobId, 7)),
    outputs: [jobOutput(jobId, 7)],
  });
  expect(values(events, "inference_final", "output_root")).toEqual([toHex(outputOf(7).root)]);
  expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.final, finalHeight: 3, outputRoot: outputOf(7).root });
  expect(jobOutputs.get(chain.store, jobId)).toEqual(outputOf(7).bytes);
  expect(chain.escrow()).toBe(0n);
  chain.pass(3);
  expect(chain.job(jobId).settled).toBe(true);
  expect(penalties.entries(chain.store)).toEqual([]);
  expect(jobInputs.has(chain.store, jobId)).toBe(false);
  expect(chain.violations()).toEqual([]);
});

test("the commit window closes early only when every member has committed", () => {
  const chain = createChain();
  const [jobId] = chain.request() as [Uint8Array];
  chain.block({ commitments: NAMES.slice(0, 3).map((name) => chain.commit(name, jobId, 7)) });
  expect(() => chain.block({ reveals: [chain.reveal("alice", jobId, 7)] })).toThrow(/reveal window is not open/);
  chain.block();
  expect(chain.job(jobId).status).toBe(JOB_STATUS.committing);
  const events = chain.block();
  expect(values(events, "inference_reveals", "reason")).toEqual(["window"]);
  expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.revealing, revealEnd: 7 });
  expect(() => chain.block({ commitments: [chain.commit("dave", jobId, 7)] })).toThrow(/commit window .* closed/);
  const reveals = NAMES.slice(0, 3).map((name) => chain.reveal(name, jobId, 7));
  chain.block({ reveals, outputs: [jobOutput(jobId, 7)] });
  expect(chain.job(jobId).status).toBe(JOB_STATUS.final);
  chain.pass(2);
  // Absence is not dissent.
  expect(penalties.entries(chain.store)).toEqual([]);
});

test("commitments of one block do not open the reveals of the same block", () => {
  const chain = createChain();
  const [jobId] = chain.request() as [Uint8Array];
  const commitments = NAMES.map((name) => chain.commit(name, jobId, 7));
  expect(() => chain.block({ commitments, reveals: [chain.reveal("alice", jobId, 7)] })).toThrow(/not open/);
});

test("a commitment in the block of the request is refused", () => {
  const chain = createChain();
  const [jobId] = chain.request() as [Uint8Array];
  const late = createChain();
  const commitment = chain.commit("alice", jobId, 7);
  expect(() => late.block({ commitments: [commitment] })).toThrow(/there is no job/);
});

test("without a quorum of commitments the job fails at the end of the window, and only the base fee is gone", () => {
  const chain = createChain();
  const before = chain.balance("user");
  const [jobId] = chain.request() as [Uint8Array];
  expect(chain.escrow()).toBe(50_000n - 100n);
  chain.block({ commitments: ["alice", "bob"].map((name) => chain.commit(name, jobId, 7)) });
  const events = chain.pass(2);
  expect(values(events, "inference_failed", "reason")).toEqual(["20 of 40 power committed"]);
  expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.failed, settled: true });
  expect(before - chain.balance("user")).toBe(100n);
  expect(chain.escrow()).toBe(0n);
});

test("exactly two thirds are no quorum", () => {
  const chain = createChain({ validators: { alice: 10n, bob: 10n, carol: 10n } });
  const [jobId] = chain.request() as [Uint8Array];
  chain.block({ commitments: ["alice", "bob", "carol"].map((name) => chain.commit(name, jobId, 7)) });
  chain.block({ reveals: ["alice", "bob"].map((name) => chain.reveal(name, jobId, 7)) });
  expect(chain.job(jobId).status).toBe(JOB_STATUS.revealing);
  chain.pass(2);
  expect(chain.job(jobId).status).toBe(JOB_STATUS.failed);
});

test("no quorum on one output: the job fails, the escrow returns, nobody is punished", () => {
  const chain = createChain({ params: { "inference.appealWindow": 2n } });
  const stake = NAMES.map((name) => bondedTokens(chain.store, addressOf(name)));
  const before = chain.balance("user");
  const [jobId] = chain.request() as [Uint8Array];
  const said = (name: string) => (name < "c" ? 1 : 2);
  chain.block({ commitments: NAMES.map((name) => chain.commit(name, jobId, said(name))) });
  chain.block({ reveals: NAMES.map((name) => chain.reveal(name, jobId, said(name))) });
  const events = chain.pass(5);
  expect(values(events, "inference_failed", "refund")).toEqual(["49900"]);
  expect(before - chain.balance("user")).toBe(100n);
  expect(NAMES.map((name) => bondedTokens(chain.store, addressOf(name)))).toEqual(stake);
});

test("a wrong output and a withheld one are dissent: held, then slashed; a late reveal of the right one is not", () => {
  const validators = { alice: 40n, bob: 40n, carol: 5n, dave: 5n, erin: 5n };
  const chain = createChain({ validators, params: { "inference.appealWindow": 3n } });
  const [jobId] = chain.request() as [Uint8Array];
  const said: Record<string, number> = { alice: 7, bob: 7, carol: 8, dave: 7, erin: 7 };
  const names = Object.keys(validators);
  chain.block({ commitments: names.map((name) => chain.commit(name, jobId, said[name] ?? 0)) });
  chain.block({
    reveals: ["alice", "bob", "carol"].map((name) => chain.reveal(name, jobId, said[name] ?? 0)),
    outputs: [jobOutput(jobId, 7)],
  });
  const paid = chain.balance("dave");
  // Late, and without pay.
  chain.block({ reveals: [chain.reveal("dave", jobId, 7)] });
  const events = chain.block();
  expect(chain.balance("dave")).toBeLessThanOrEqual(paid);
  expect(new Set(values(events, "inference_dissent", "output_root"))).toEqual(new Set([toHex(outputOf(8).root), ""]));
  const power = chain.validators.map((validator) => validator.power);
  chain.pass(2);
  expect(chain.validators.map((validator) => validator.power)).toEqual(power);
  expect(bondedTokens(chain.store, addressOf("carol"))).toBe(5_000_000n);
  const executed = chain.block();
  expect(values(executed, "inference_slash", "burnt")).toEqual(["250000", "250000"]);
  const tokens = (name: string) => bondedTokens(chain.store, addressOf(name));
  expect([tokens("carol"), tokens("erin"), tokens("dave")]).toEqual([4_750_000n, 4_750_000n, 5_000_000n]);
  expect(chain.violations()).toEqual([]);
});

test("penalties that fall due together are executed over several blocks", () => {
  const validators = { alice: 50n, bob: 5n, carol: 5n, dave: 5n };
  const params = { "inference.appealWindow": 1n, "inference.maxPenaltiesPerBlock": 2n };
  const chain = createChain({ validators, params });
  const [jobId] = chain.request() as [Uint8Array];
  const names = Object.keys(validators);
  chain.block({ commitments: names.map((name) => chain.commit(name, jobId, name === "alice" ? 7 : 8)) });
  chain.block({ reveals: [chain.reveal("alice", jobId, 7)], outputs: [jobOutput(jobId, 7)] });
  chain.pass(2);
  expect(penalties.entries(chain.store)).toHaveLength(3);
  expect(values(chain.block(), "inference_slash", "operator")).toHaveLength(2);
  expect(values(chain.block(), "inference_slash", "operator")).toHaveLength(1);
});

test("a deadline ends a job before its windows do", () => {
  const chain = createChain();
  const [jobId] = chain.request(1, { deadline: 3n }) as [Uint8Array];
  chain.block({ commitments: NAMES.map((name) => chain.commit(name, jobId, 7)) });
  const events = chain.block();
  expect(values(events, "inference_failed", "job_id")).toEqual([toHex(jobId)]);
  expect(chain.escrow()).toBe(0n);
});

test("a deadline does not shorten the reveal window of a job that is final in time", () => {
  const chain = createChain();
  const [jobId] = chain.request(1, { deadline: 3n }) as [Uint8Array];
  chain.block({ commitments: NAMES.map((name) => chain.commit(name, jobId, 7)) });
  const early = NAMES.slice(0, 3).map((name) => chain.reveal(name, jobId, 7));
  chain.block({ reveals: early, outputs: [jobOutput(jobId, 7)] });
  chain.block();
  chain.block({ reveals: [chain.reveal("dave", jobId, 7)] });
  expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.final, settled: true });
  expect(penalties.entries(chain.store)).toEqual([]);
});

test("EXEC_ERROR is attested like any other output", () => {
  const chain = createChain();
  const [jobId] = chain.request() as [Uint8Array];
  chain.block({ commitments: NAMES.map((name) => chain.commit(name, jobId, 0)) });
  const events = chain.block({
    reveals: NAMES.map((name) => chain.reveal(name, jobId, 0)),
    outputs: [jobOutput(jobId, 0)],
  });
  expect(values(events, "inference_final", "exec_error")).toEqual(["true"]);
});

test("old jobs are forgotten with everything of theirs", () => {
  const chain = createChain({ params: { "inference.jobRetention": 100n, "inference.appealWindow": 10n } });
  const genesis = chain.store.changes().filter(([key]) => key[0] === 5).length;
  const [jobId] = chain.request() as [Uint8Array];
  chain.block({ commitments: NAMES.map((name) => chain.commit(name, jobId, 7)) });
  chain.block({ reveals: NAMES.map((name) => chain.reveal(name, jobId, 7)), outputs: [jobOutput(jobId, 7)] });
  chain.request();
  chain.pass(97);
  expect(receipts.has(chain.store, jobId)).toBe(true);
  chain.pass(5);
  const left = chain.store.changes().filter(([key, value]) => key[0] === 5 && value !== undefined);
  // The counter of open jobs, the load of the last block with requests, who proposed last, and how often the tier was asked.
  expect(left).toHaveLength(genesis + 4);
});
