import fc from "fast-check";
import { expect, test } from "vitest";
import { parameterRows } from "../../chain/params.ts";
import { balances } from "../../modules/bank/store.ts";
import { type Attester, splitFee } from "../../modules/inference/fees.ts";
import { inferenceParams } from "../../modules/inference/params.ts";
import { JOB_STATUS } from "../../modules/inference/store.ts";
import { addressOf } from "../modules/network.ts";
import { type Chain, createChain, FOUR, jobOutput, manifestOf, values } from "./harness.ts";

const DEFAULTS = new Map([...parameterRows([inferenceParams])].map(([name, row]) => [name, row.default]));
const NAMES = Object.keys(FOUR);

const attester = (name: string, power: bigint, proposer = "p"): Attester => ({
  operator: addressOf(name),
  power,
  late: false,
  commitProposer: addressOf(proposer),
  revealProposer: addressOf(proposer),
});

const committee = fc.array(fc.record({ power: fc.bigInt(1n, 2n ** 60n), present: fc.boolean() }), {
  minLength: 1,
  maxLength: 20,
});

test("what a fee is split into is the fee, exactly", () => {
  fc.assert(
    fc.property(committee, fc.bigInt(0n, 10n ** 24n), fc.integer({ min: 0, max: 300_000 }), (members, fee, royalty) => {
      const total = members.reduce((sum, { power }) => sum + power, 0n);
      const present = members.flatMap(({ power, present: is }, i) =>
        is ? [attester(`m${i}`, power, `p${i % 3}`)] : [],
      );
      const split = splitFee(fee, BigInt(royalty), 3, total, present, DEFAULTS);
      const paid = split.payouts.reduce((sum, { amount }) => sum + amount, 0n);
      expect(paid).toBe(split.attesters + split.proposers);
      expect(split.community + split.royalty + paid + split.burnt).toBe(fee);
      expect(split.burnt).toBeGreaterThanOrEqual(0n);
      expect(split.royalty).toBeGreaterThanOrEqual(0n);
    }),
  );
});

test("leaving a member out gains nobody anything", () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt(1n, 10n ** 12n), { minLength: 2, maxLength: 10 }), (powers) => {
      const total = powers.reduce((sum, power) => sum + power, 0n);
      const all = powers.map((power, i) => attester(`m${i}`, power));
      const payOf = (members: readonly Attester[]) =>
        splitFee(1_000_000n, 100_000n, 1, total, members, DEFAULTS).payouts.find(({ operator }) =>
          Buffer.from(operator).equals(addressOf("m0")),
        )?.amount ?? 0n;
      expect(payOf(all.slice(0, 1))).toBe(payOf(all));
    }),
  );
});

test("by default more than half of a fee reaches those who attest", () => {
  const all = NAMES.map((name) => attester(name, 10n, name));
  const split = splitFee(80_000n, 300_000n, 1, 40n, all, DEFAULTS);
  expect(split.attesters).toBeGreaterThan(40_000n);
  expect(split).toMatchObject({ community: 1600n, royalty: 22_305n, proposers: 4000n });
});

test("below the floor the owner gets nothing", () => {
  const split = splitFee(40n, 300_000n, 1, 40n, [attester("alice", 40n)], DEFAULTS);
  expect(split).toMatchObject({ royalty: 0n, attesters: 38n, proposers: 2n });
});

test("each proposer is paid for what it included: half for commitments, half for reveals", () => {
  const chain = createChain({ models: [manifestOf("digits", { fee: 1_000_000n, royaltyPpm: 0 })] });
  const [jobId] = chain.request(1, { maxFee: { denom: "uassay", amount: "1000100" } }) as [Uint8Array];
  chain.pass(1); // The base fee is shared out; what follows is the job's alone.
  const before = new Map(NAMES.map((name) => [name, chain.earned(name)]));
  chain.block({ proposer: "bob", commitments: NAMES.map((name) => chain.commit(name, jobId, 7)) });
  const reveals = NAMES.map((name) => chain.reveal(name, jobId, 7));
  const events = chain.block({ proposer: "carol", reveals, outputs: [jobOutput(jobId, 7)] });
  const gained = (name: string) => chain.earned(name) - (before.get(name) ?? 0n);
  expect(["alice", "bob", "carol", "dave"].map(gained)).toEqual([232_500n, 257_500n, 257_500n, 232_500n]);
  expect(values(events, "inference_paid", "burnt")).toEqual(["0"]);
});

/** What a member does: the output it stands for (0 is EXEC_ERROR), and whether and when it speaks. */
const behaviour = fc.record({
  output: fc.integer({ min: 0, max: 2 }),
  commitAt: fc.integer({ min: 0, max: 3 }),
  revealAt: fc.integer({ min: 0, max: 4 }),
});
const scenario = fc.record({
  powers: fc.array(fc.bigInt(1n, 100n), { minLength: 4, maxLength: 4 }),
  members: fc.array(behaviour, { minLength: 4, maxLength: 4 }),
  fee: fc.bigInt(0n, 1_000_000n),
  royaltyPpm: fc.integer({ min: 0, max: 300_000 }),
  more: fc.bigInt(0n, 1000n),
  direct: fc.boolean(),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer S> ? S : never;

/** Plays a job through to its end, with one block for each chance to speak. */
function play({ powers, members, fee, royaltyPpm, more, direct }: Scenario): { chain: Chain; jobId: Uint8Array } {
  const validators = Object.fromEntries(NAMES.map((name, i) => [name, powers[i] ?? 1n]));
  const chain = createChain({
    validators,
    params: { "inference.appealWindow": 2n },
    models: [manifestOf("digits", { fee, royaltyPpm, direct })],
  });
  const amount = (fee + 100n + more).toString();
  const [jobId] = chain.request(1, { maxFee: { denom: "uassay", amount } }) as [Uint8Array];
  const said = (name: string) => members[NAMES.indexOf(name)]?.output ?? 0;
  const when = (at: "commitAt" | "revealAt", turn: number) => NAMES.filter((_, i) => members[i]?.[at] === turn);
  const committed = new Set<string>();
  for (let turn = 1; turn <= 3 && chain.job(jobId).status === JOB_STATUS.committing; turn++) {
    const names = when("commitAt", turn);
    for (const name of names) committed.add(name);
    chain.block({
      proposer: NAMES[turn] ?? "alice",
      commitments: names.map((name) => chain.commit(name, jobId, said(name))),
    });
  }
  for (let turn = 1; turn <= 3 && !chain.job(jobId).settled; turn++) {
    const names = when("revealAt", turn).filter((name) => direct || committed.has(name));
    const reveals = names.map((name) => chain.reveal(name, jobId, said(name)));
    const final = [0, 1, 2].filter((output) => reachesQuorum(chain, jobId, output, said, names));
    chain.block({
      proposer: NAMES[turn] ?? "alice",
      reveals,
      outputs: final.map((output) => jobOutput(jobId, output)),
    });
  }
  chain.pass(4);
  return { chain, jobId };
}

/** Power that has revealed each output, by the test's own count. */
const spoken = new WeakMap<Chain, Map<number, bigint>>();

/** Whether what these members say now, with what was said before, gives an output of the open job its quorum. */
function reachesQuorum(
  chain: Chain,
  jobId: Uint8Array,
  output: number,
  said: (name: string) => number,
  names: readonly string[],
): boolean {
  const job = chain.job(jobId);
  if (job.status !== JOB_STATUS.revealing) return false;
  const counts = spoken.get(chain) ?? new Map<number, bigint>();
  spoken.set(chain, counts);
  const before = counts.get(output) ?? 0n;
  const powerOf = (name: string) =>
    chain.validators.find(({ operator }) => Buffer.from(operator).equals(addressOf(name)))?.power ?? 0n;
  const after = names.filter((name) => said(name) === output).reduce((sum, name) => sum + powerOf(name), before);
  counts.set(output, after);
  return after * 3n > job.committeePower * 2n;
}

/** What must hold however members behave. Returns what does not. */
function broken(chain: Chain, jobId: Uint8Array): readonly string[] {
  const problems = [...chain.violations()];
  const { status, settled } = chain.job(jobId);
  if (!settled) problems.push("the job is not over");
  if (status !== JOB_STATUS.final && status !== JOB_STATUS.failed) problems.push("the job is neither final nor failed");
  if (chain.escrow() !== 0n) problems.push(`${chain.escrow()} is left in escrow`);
  return problems;
}

test("whatever the members do, every coin of the escrow is accounted for", () => {
  let final = 0;
  fc.assert(
    fc.property(scenario, (each) => {
      const { chain, jobId } = play(each);
      expect(broken(chain, jobId)).toEqual([]);
      if (chain.job(jobId).status === JOB_STATUS.final) final++;
    }),
    { numRuns: 40 },
  );
  // Some must have got that far, or the property says little.
  expect(final).toBeGreaterThan(0);
});

test("the check sees a job that keeps a coin, and one that makes one", () => {
  const chain = createChain();
  const [jobId] = chain.request() as [Uint8Array];
  expect(broken(chain, jobId)).toContain("49900 is left in escrow");
  chain.pass(3);
  expect(broken(chain, jobId)).toEqual([]);
  const key = [addressOf("user"), "uassay"] as const;
  balances.set(chain.store, key, chain.balance("user") + 1n);
  expect(broken(chain, jobId)).toHaveLength(1);
});
