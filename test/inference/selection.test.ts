import fc from "fast-check";
import { expect, test } from "vitest";
import { toHex } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import type { AttestationEvidence, Commitment, Reveal } from "../../chain/types/attestation.ts";
import { MODEL_CLASS } from "../../modules/inference/classes.ts";
import {
  type AttestationPool,
  checkCommitment,
  checkEvidence,
  checkReveal,
  jobsToFinalise,
  selectForBlock,
} from "../../modules/inference/selection.ts";
import { JOB_STATUS } from "../../modules/inference/store.ts";
import { addressOf } from "../modules/network.ts";
import { type Chain, createChain, FOUR, manifestOf, outputOf } from "./harness.ts";

const NAMES = Object.keys(FOUR);

function poolOf(
  known: readonly number[],
  parts: { commitments?: Commitment[]; reveals?: Reveal[]; evidence?: AttestationEvidence[] } = {},
): AttestationPool {
  const outputs = new Map(known.map((number) => [toHex(outputOf(number).root), outputOf(number).bytes]));
  return {
    commitments: parts.commitments ?? [],
    reveals: parts.reveals ?? [],
    duplicateAttestations: parts.evidence ?? [],
    output: (root) => outputs.get(toHex(root)),
  };
}

function apply(chain: Chain, selected: ReturnType<typeof selectForBlock>) {
  return chain.block({ ...selected, evidence: selected.duplicateAttestations });
}

function revealing(params: Readonly<Record<string, bigint>> = {}, said = 7) {
  const chain = createChain({ params });
  const [jobId] = chain.request() as [Uint8Array];
  chain.block({ commitments: NAMES.map((name) => chain.commit(name, jobId, said)) });
  return { chain, jobId, reveals: NAMES.map((name) => chain.reveal(name, jobId, said)) };
}

test("everything that fits is taken", () => {
  const { chain, jobId, reveals } = revealing();
  const selected = selectForBlock(chain.view(), poolOf([7], { reveals }));
  expect(selected.reveals).toEqual(reveals);
  expect(selected.outputs).toEqual([{ jobId, output: outputOf(7).bytes }]);
  apply(chain, selected);
  expect(chain.job(jobId).status).toBe(JOB_STATUS.final);
});

test("without the output at hand, as many reveals as do not make the job final", () => {
  const { chain, jobId, reveals } = revealing();
  const selected = selectForBlock(chain.view(), poolOf([8], { reveals }));
  expect(selected.reveals).toEqual(reveals.slice(0, 2));
  expect(selected.outputs).toEqual([]);
  apply(chain, selected);
  expect(chain.job(jobId).status).toBe(JOB_STATUS.revealing);
  // Whoever proposes next and has it goes on from there.
  const next = selectForBlock(chain.view(), poolOf([7], { reveals }));
  expect(next.reveals).toEqual(reveals.slice(2));
  apply(chain, next);
  expect(chain.job(jobId).status).toBe(JOB_STATUS.final);
});

test("the output of an error of the engine is always at hand", () => {
  const { chain, jobId, reveals } = revealing({}, 0);
  apply(chain, selectForBlock(chain.view(), poolOf([], { reveals })));
  expect(chain.job(jobId).status).toBe(JOB_STATUS.final);
});

test("outputs above the block's limit wait for the next block", () => {
  const chain = createChain({ params: { "inference.maxOutputBytesPerBlock": BigInt(outputOf(7).bytes.length + 1) } });
  const ids = chain.request(2);
  const signed = (name: string) => ids.map((id) => [id, chain.sign(name, id, outputOf(7).root)] as const);
  chain.block({ commitments: NAMES.map((name) => chain.commitTo(name, signed(name))) });
  const reveals = ids.flatMap((id) => NAMES.map((name) => chain.reveal(name, id, 7)));
  const statuses = () => ids.map((id) => chain.job(id).status);
  apply(chain, selectForBlock(chain.view(), poolOf([7], { reveals })));
  expect(statuses()).toEqual([JOB_STATUS.final, JOB_STATUS.revealing]);
  apply(chain, selectForBlock(chain.view(), poolOf([7], { reveals })));
  expect(statuses()).toEqual([JOB_STATUS.final, JOB_STATUS.final]);
});

test("the longest commitment of a member is taken, unless it is a forgery", () => {
  const chain = createChain();
  const ids = chain.request(3) as [Uint8Array, Uint8Array, Uint8Array];
  const entries = ids.map((id) => [id, chain.sign("alice", id, outputOf(7).root)] as const);
  const short = chain.commitTo("alice", entries.slice(0, 1));
  const long = chain.commitTo("alice", entries.slice(0, 2));
  const forged = { ...chain.commitTo("alice", entries), signature: short.signature };
  const selected = selectForBlock(chain.view(), poolOf([], { commitments: [short, forged, long, short] }));
  expect(selected.commitments).toEqual([long]);
  apply(chain, selected);
});

test("a forged output root does not keep a reveal out", () => {
  const { chain, jobId, reveals } = revealing();
  const forged = reveals.map((reveal) => ({ ...reveal, outputRoot: outputOf(8).root }));
  apply(chain, selectForBlock(chain.view(), poolOf([7, 8], { reveals: [...forged, ...reveals] })));
  expect(chain.job(jobId).status).toBe(JOB_STATUS.final);
});

test("jobs that a list of reveals makes final", () => {
  const { chain, jobId, reveals } = revealing();
  expect(jobsToFinalise(chain.view(), reveals.slice(0, 2))).toEqual([]);
  expect(jobsToFinalise(chain.view(), reveals)).toEqual([{ jobId, outputRoot: outputOf(7).root }]);
  expect(jobsToFinalise(chain.view(), [...reveals.slice(0, 2), ...reveals.slice(0, 2)])).toEqual([]);
});

test("checks of single messages say what beginBlock would", () => {
  const { chain, jobId, reveals } = revealing();
  const [reveal] = reveals as [Reveal];
  expect(checkReveal(chain.view(), reveal)).toBeUndefined();
  expect(checkReveal(chain.view(), { ...reveal, outputRoot: outputOf(8).root })).toMatch(/does not verify/);
  expect(checkReveal(chain.view(), { ...reveal, jobId: sha256(jobId) })).toMatch(/no such job/);
  const [other] = chain.request() as [Uint8Array];
  const commitment = chain.commit("alice", other, 7);
  expect(checkCommitment(chain.view(), commitment)).toBeUndefined();
  expect(checkCommitment(chain.view(), { ...commitment, signature: reveal.signature })).toMatch(/does not verify/);
  expect(checkCommitment(chain.view(), chain.commit("alice", jobId, 7))).toMatch(/closed/);
});

test("evidence is taken once, and at most as much as a block holds", () => {
  const { chain, jobId } = revealing();
  const pair = (name: string, one: number, two: number): AttestationEvidence => {
    const both = [chain.reveal(name, jobId, one), chain.reveal(name, jobId, two)];
    const [a, b] = both.sort((x, y) => Buffer.compare(x.outputRoot, y.outputRoot)) as [Reveal, Reveal];
    return { validator: addressOf(name), a, b };
  };
  const evidence = [pair("dave", 7, 8), pair("dave", 7, 9), pair("mallory", 1, 2)];
  expect(evidence.map((each) => checkEvidence(chain.view(), each) === undefined)).toEqual([true, true, false]);
  const selected = selectForBlock(chain.view(), poolOf([], { evidence }));
  expect(selected.duplicateAttestations).toEqual(evidence.slice(0, 1));
  apply(chain, selected);
});

/** Something that is in a pool, good or bad, about one of three jobs. */
const item = fc.record({
  kind: fc.constantFrom("commit", "reveal"),
  member: fc.constantFrom(...NAMES, "mallory"),
  job: fc.integer({ min: 0, max: 2 }),
  jobs: fc.integer({ min: 0, max: 3 }),
  output: fc.integer({ min: 0, max: 2 }),
  signer: fc.constantFrom("own", "own", "own", "alice"),
});

/** All commit to a job, reveal, and reveal again: what random items seldom come to. */
const WHOLE = (["commit", "reveal", "reveal"] as const).map((kind) =>
  NAMES.map((member) => ({ kind, member, job: 0, jobs: 1, output: 1, signer: "own" })),
);

/** Commitments keep a member from signing two outputs; without them both are good for a block, though not for one. */
const MODELS = {
  committed: {},
  direct: { direct: true },
  tolerant: { class: MODEL_CLASS.tolerance, absoluteTolerance: 1_000_000 },
} as const;

test.each(Object.entries(MODELS))(
  "whatever is in the pool, beginBlock takes the selection: %s jobs",
  (kind, change) => {
    const seen = { commitments: 0, reveals: 0, outputs: 0 };
    fc.assert(
      fc.property(fc.array(fc.array(item, { maxLength: 12 }), { minLength: 3, maxLength: 6 }), (blocks) => {
        const params = { "inference.maxRevealsPerBlock": 5n, "inference.maxCommitmentsPerBlock": 9n };
        const chain = createChain({ params, models: [manifestOf("digits", change)] });
        const ids = chain.request(3);
        // A later beacon draws the executors.
        if (kind === "tolerant") for (const proposer of NAMES) chain.block({ proposer });
        const commitments: Commitment[] = [];
        const reveals: Reveal[] = [];
        for (const items of blocks) {
          for (const { kind, member, job, jobs, output, signer } of items) {
            const name = signer === "own" ? member : signer;
            const id = ids[job] ?? new Uint8Array(32);
            if (kind === "commit") {
              const signed = ids
                .slice(job, job + jobs)
                .map((each) => [each, chain.sign(name, each, outputOf(output).root)] as const);
              const commitment = chain.commitTo(name, signed);
              commitments.push({ ...commitment, data: { ...commitment.data, validator: addressOf(member) } });
            } else reveals.push({ ...chain.reveal(name, id, output), validator: addressOf(member) });
          }
          // Output 2 is never at hand.
          const selected = selectForBlock(chain.view(), poolOf([1], { commitments, reveals }));
          seen.commitments += selected.commitments.length;
          seen.reveals += selected.reveals.length;
          seen.outputs += selected.outputs.length;
          apply(chain, selected);
        }
      }),
      { numRuns: 12, examples: [[WHOLE]] },
    );
    expect(seen.commitments > 0).toBe(kind === "committed");
    expect(seen.reveals).toBeGreaterThan(0);
    expect(seen.outputs).toBeGreaterThan(0);
  },
);

test.each([
  ["direct", MODELS.direct],
  ["tolerant", MODELS.tolerant],
] as const)(
  "who signs two outputs of a %s job is in a block with one of them, and holds up nobody else",
  (kind, change) => {
    const chain = createChain({ models: [manifestOf("digits", change)] });
    const [jobId] = chain.request() as [Uint8Array];
    if (kind === "tolerant") for (const proposer of NAMES.slice(0, 3)) chain.block({ proposer });
    const reveals = NAMES.flatMap((name) => [7, 8].map((output) => chain.reveal(name, jobId, output)));
    const selected = selectForBlock(chain.view(), poolOf([7, 8], { reveals }));
    expect(selected.reveals).toHaveLength(kind === "tolerant" ? 1 : NAMES.length);
    apply(chain, selected);
    expect(chain.job(jobId).outputRoot).toEqual(outputOf(7).root);
  },
);
