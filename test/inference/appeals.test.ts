import { describe, expect, test } from "vitest";
import { equalBytes, toHex } from "../../chain/bytes.ts";
import type { Event } from "../../chain/module.ts";
import { seatsOfJob } from "../../modules/inference/seats.ts";
import { APPEAL_STATUS, appeals, JOB_STATUS, reservationEnds, reservations } from "../../modules/inference/store.ts";
import { bondedTokens } from "../../modules/staking/keeper.ts";
import { QueryJobRequest, QueryJobResponse } from "../../proto/inference-query.ts";
import { addressOf, refusal } from "../modules/network.ts";
import { type Chain, createChain, FOUR, jobOutput, outputOf } from "./harness.ts";

const ASSAY = 1_000_000n;
const BOND = 10n * ASSAY;
const NAMES = ["alice", "bob", "carol", "dave", "erin", "frank"];
const SIX = Object.fromEntries(NAMES.map((name) => [name, 10n]));
/** Nothing but penalties and bonds moves coins. */
const QUIET = { "inference.appealWindow": 20n, "inference.costUnitPrice": 0n, "inference.communityShare": 0n };

const attribute = ({ attributes }: Event, key: string): string => attributes.find(([name]) => name === key)?.[1] ?? "";
const stakeOf = (chain: Chain, name: string): bigint => bondedTokens(chain.store, addressOf(name));
const outcomeOf = (events: readonly Event[]) =>
  events.filter(({ type }) => type === "inference_appeal_decided").map((event) => attribute(event, "outcome"));

/** Three of six are drawn, of whom all say this. */
function sampledJob(said: readonly number[], params = {}): { chain: Chain; jobId: Uint8Array; members: string[] } {
  const chain = createChain({ validators: SIX, params: { ...QUIET, "inference.committeeMax": 3n, ...params } });
  const [jobId = new Uint8Array()] = chain.request();
  for (const proposer of ["alice", "bob", "carol"]) chain.block({ proposer });
  const seats = seatsOfJob(chain.job(jobId));
  const members = NAMES.filter((name) =>
    seats.get(chain.validators.findIndex(({ operator }) => equalBytes(operator, addressOf(name)))),
  );
  answer(chain, jobId, Object.fromEntries(members.map((name, index) => [name, said[index] ?? 0])));
  return { chain, jobId, members };
}

/** Members commit to outputs and reveal them, until the reveals have ended. */
function answer(chain: Chain, jobId: Uint8Array, said: Readonly<Record<string, number>>): readonly Event[] {
  const all = Object.entries(said);
  const tally = new Map<number, number>();
  for (const [, output] of all) tally.set(output, (tally.get(output) ?? 0) + 1);
  const [most = 0] = [...tally].toSorted(([, a], [, b]) => b - a)[0] ?? [];
  const events = [...chain.block({ commitments: all.map(([name, output]) => chain.commit(name, jobId, output)) })];
  while (chain.job(jobId).status === JOB_STATUS.committing) events.push(...chain.block());
  const reveals = all.map(([name, output]) => chain.reveal(name, jobId, output));
  const { committeeSize } = chain.job(jobId);
  const isFinal = (tally.get(most) ?? 0) * 3 > committeeSize * 2;
  events.push(...chain.block({ reveals, ...(isFinal ? { outputs: [jobOutput(jobId, most)] } : {}) }));
  while (!chain.job(jobId).settled) events.push(...chain.block());
  return events;
}

function appeal(chain: Chain, change: Parameters<Chain["send"]["appeal"]>[0]): Uint8Array {
  let appealJob: Uint8Array = new Uint8Array();
  chain.block({
    run() {
      ({ appealJob } = chain.send.appeal(change));
    },
  });
  return appealJob;
}

const everyone = (output: number, but: Readonly<Record<string, number>> = {}) => ({
  ...Object.fromEntries(NAMES.map((name) => [name, output])),
  ...but,
});

describe("a drawn committee that agreed on a wrong output", () => {
  test("is found out by everyone: those who attested it pay, and whoever dissented does not", () => {
    const { chain, jobId, members } = sampledJob([8, 8, 8]);
    const before = chain.balance("user");
    const appealJob = appeal(chain, { jobId });
    expect(chain.job(appealJob)).toMatchObject({ committeeSize: 6, committeePower: 60n, bondedPower: 60n });
    expect(before - chain.balance("user")).toBe(BOND);
    expect(chain.violations()).toEqual([]);
    expect(outcomeOf(answer(chain, appealJob, everyone(7)))).toEqual(["overturned"]);
    // Who was right gets the bond back; the output stays final, and what was paid for it.
    expect(chain.balance("user")).toBe(before);
    expect(chain.job(jobId)).toMatchObject({
      status: JOB_STATUS.final,
      overturned: true,
      outputRoot: outputOf(8).root,
    });
    expect(NAMES.map((name) => stakeOf(chain, name))).toEqual(NAMES.map(() => 10n * ASSAY));
    const slashed = chain.pass(40).filter(({ type }) => type === "inference_slash");
    expect(slashed).toHaveLength(3);
    for (const name of NAMES) expect(stakeOf(chain, name)).toBe(members.includes(name) ? 9_500_000n : 10n * ASSAY);
    expect(chain.escrow()).toBe(0n);
    expect(chain.violations()).toEqual([]);
  });

  test("the one of it who said what everyone says keeps its stake; who said something else again does not", () => {
    const { chain, jobId, members } = sampledJob([8, 8, 8, 7], { "inference.committeeMax": 4n });
    const [, , , right = ""] = members;
    const appealJob = appeal(chain, { jobId, claim: outputOf(7).root });
    answer(chain, appealJob, everyone(7));
    chain.pass(40);
    for (const name of members) expect(stakeOf(chain, name)).toBe(name === right ? 10n * ASSAY : 9_500_000n);
  });

  test("keeps its stake where the re-run has no quorum, and the appellant the bond", () => {
    const { chain, jobId } = sampledJob([8, 8, 8]);
    const before = chain.balance("user");
    const appealJob = appeal(chain, { jobId });
    expect(outcomeOf(answer(chain, appealJob, everyone(7, { alice: 8, bob: 8 })))).toEqual(["undecided"]);
    expect(chain.balance("user")).toBe(before);
    expect(chain.pass(60).filter(({ type }) => type === "inference_slash")).toEqual([]);
    expect(appeals.get(chain.store, jobId)).toMatchObject({ status: APPEAL_STATUS.undecided });
    expect(chain.violations()).toEqual([]);
  });
});

describe("a drawn committee that was right", () => {
  test("a frivolous appeal costs the bond, which pays for the re-run", () => {
    const { chain, jobId } = sampledJob([7, 7, 7]);
    const before = chain.balance("user");
    const earned = NAMES.map((name) => chain.earned(name));
    const appealJob = appeal(chain, { jobId });
    expect(outcomeOf(answer(chain, appealJob, everyone(7)))).toEqual(["upheld"]);
    expect(before - chain.balance("user")).toBe(BOND);
    const gained = NAMES.reduce((sum, name, index) => sum + chain.earned(name) - (earned[index] ?? 0n), 0n);
    expect(gained).toBeGreaterThan((BOND * 9n) / 10n);
    expect(gained).toBeLessThanOrEqual(BOND);
    expect(chain.escrow()).toBe(0n);
    expect(chain.violations()).toEqual([]);
  });

  test("its dissenter pays once everyone has confirmed it: whoever claims so gets the bond back", () => {
    const { chain, jobId, members } = sampledJob([7, 7, 7, 8], { "inference.committeeMax": 4n });
    const before = chain.balance("user");
    const appealJob = appeal(chain, { jobId, claim: outputOf(7).root });
    answer(chain, appealJob, everyone(7));
    expect(chain.balance("user")).toBe(before);
    chain.pass(40);
    expect(members.map((name) => stakeOf(chain, name))).toEqual([
      ...members.slice(1).map(() => 10n * ASSAY),
      9_500_000n,
    ]);
  });
});

describe("while an appeal is open", () => {
  test("no penalty is executed and no stake freed, for as long as the re-run may take and no longer", () => {
    const chain = createChain({ params: { ...QUIET, "inference.appealWindow": 4n, "inference.admissionWindow": 30n } });
    const [jobId = new Uint8Array()] = chain.request(1, { valueAtRisk: "1000" });
    answer(chain, jobId, { alice: 7, bob: 7, carol: 7, dave: 8 });
    const { appealEnd } = chain.job(jobId);
    expect(appealEnd).toBe(chain.height + 4);
    const appealJob = appeal(chain, { jobId });
    const { deadline } = chain.job(appealJob);
    expect(chain.job(jobId).appealEnd).toBe(deadline + 1);
    expect(reservationEnds.entries(chain.store).map(([[height]]) => height)).toEqual([deadline + 1]);
    expect(chain.violations()).toEqual([]);
    const events = chain.pass(deadline - chain.height);
    expect(events.filter(({ type }) => type === "inference_slash")).toEqual([]);
    expect(outcomeOf(events)).toEqual(["undecided"]);
    expect(reservations.entries(chain.store)).toHaveLength(4);
    // More than two thirds of all power had attested directly: the appeal that nobody answered changes nothing.
    expect(chain.block().filter(({ type }) => type === "inference_slash")).toHaveLength(1);
    chain.block();
    expect(reservations.entries(chain.store)).toEqual([]);
    expect(chain.violations()).toEqual([]);
  });

  test("what became of it is told with the job", () => {
    const { chain, jobId } = sampledJob([7, 7, 7]);
    const told = () =>
      QueryJobResponse.decode(chain.query("Job", QueryJobRequest.encode({ jobId: toHex(jobId) }).finish())).job;
    expect(told()).toMatchObject({ appeal: "", appealEnd: BigInt(chain.job(jobId).appealEnd) });
    const appealJob = appeal(chain, { jobId });
    expect(told()).toMatchObject({ appeal: "OPEN", appealJob });
    answer(chain, appealJob, everyone(7));
    expect(told()).toMatchObject({ appeal: "UPHELD", verdict: outputOf(7).root });
  });
});

describe("is refused", () => {
  function told(chain: Chain, change: Parameters<Chain["send"]["appeal"]>[0]) {
    let found: ReturnType<typeof refusal>;
    chain.block({
      run() {
        found = refusal(() => chain.send.appeal(change));
      },
    });
    return found;
  }
  const final = () => {
    const chain = createChain({ params: QUIET });
    const [jobId = new Uint8Array()] = chain.request();
    answer(chain, jobId, Object.fromEntries(Object.keys(FOUR).map((name) => [name, 7])));
    return { chain, jobId };
  };

  test("for a job that is not there, not final, or an appeal itself", () => {
    const { chain, jobId } = final();
    expect(told(chain, { jobId: new Uint8Array(32) })).toMatchObject({ code: "inference/23" });
    const [open = new Uint8Array()] = chain.request();
    expect(told(chain, { jobId: open })).toMatchObject({ code: "inference/23" });
    const appealJob = appeal(chain, { jobId });
    answer(chain, appealJob, Object.fromEntries(Object.keys(FOUR).map((name) => [name, 7])));
    expect(told(chain, { jobId: appealJob })).toMatchObject({ code: "inference/23" });
  });

  test("a second time, and after the window", () => {
    const { chain, jobId } = final();
    const { chain: late, jobId: closed } = final();
    appeal(chain, { jobId });
    expect(told(chain, { jobId })).toMatchObject({ code: "inference/24" });
    late.pass(late.job(closed).appealEnd - late.height - 1);
    expect(told(late, { jobId: closed })).toMatchObject({
      code: "inference/23",
      text: expect.stringContaining(`could be appealed before block ${late.job(closed).appealEnd}`),
    });
  });

  test("with other inputs, and with too small a bond", () => {
    const { chain, jobId } = final();
    const bond = { denom: "uassay", amount: "9999999" };
    expect(told(chain, { jobId, bond })).toMatchObject({ code: "inference/25" });
    expect(told(chain, { jobId, inputs: new Uint8Array(3) })).toMatchObject({ code: "inference/7" });
  });
});
