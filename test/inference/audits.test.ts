import { describe, expect, test } from "vitest";
import { toHex, utf8 } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import type { Event } from "../../chain/module.ts";
import { abandonJobs } from "../../modules/inference/abandon.ts";
import { auditInputs } from "../../modules/inference/audit-inputs.ts";
import { fitBits, generateInputs } from "../../modules/inference/generated-inputs.ts";
import { inferenceParams } from "../../modules/inference/params.ts";
import {
  JOB_KIND,
  JOB_STATUS,
  jobInputs,
  jobs,
  MODEL_STATUS,
  models,
  penalties,
  residentModels,
} from "../../modules/inference/store.ts";
import { suspendedUntil } from "../../modules/inference/suspension.ts";
import { tensorsProblem } from "../../modules/inference/tensor-check.ts";
import { DTYPES, Tensors } from "../../modules/inference/tensors.ts";
import { servedByEnough } from "../../modules/inference/tiers.ts";
import { bondedTokens } from "../../modules/staking/keeper.ts";
import { QueryJobRequest, QueryJobResponse } from "../../proto/inference-query.ts";
import { addressOf } from "../modules/network.ts";
import { type Chain, type ChainOptions, createChain, jobOutput, manifestOf, outputOf, values } from "./harness.ts";

const FIVE = { alice: 10n, bob: 10n, carol: 10n, dave: 10n, erin: 10n };
const NAMES = Object.keys(FIVE);
const PRESENT = NAMES.slice(0, 4);
const PARAMS = {
  "inference.auditInterval": 20n,
  "inference.auditMinSample": 3n,
  "inference.suspendBlocks": 50n,
  "inference.appealWindow": 5n,
};
const RESIDENT = manifestOf("resident", { inline: true });

const audited = (options: ChainOptions = {}): Chain =>
  createChain({ validators: FIVE, ...options, params: { ...PARAMS, ...options.params } });

/** A block of the next proposer: all contribute to the beacon. */
const next = (chain: Chain, block: Parameters<Chain["block"]>[0] = {}): readonly Event[] =>
  chain.block({ proposer: NAMES[chain.height % NAMES.length] ?? "", ...block });

const auditsOf = (chain: Chain) =>
  jobs
    .entries(chain.store)
    .filter(([, { kind }]) => kind === JOB_KIND.audit)
    .sort(([, a], [, b]) => a.requestedHeight - b.requestedHeight);

/** Blocks until there is one audit more, or so many have passed. @returns its id. */
function awaitAudit(chain: Chain, blocks = 60): Uint8Array | undefined {
  for (let i = 0; i < blocks; i++) {
    const [opened] = values(next(chain), "inference_audit_opened", "job_id");
    if (opened !== undefined) return auditsOf(chain).find(([id]) => toHex(id) === opened)?.[0];
  }
  return undefined;
}

/** Members answer with an output each, until the books are closed. */
function answer(chain: Chain, jobId: Uint8Array, said: Readonly<Record<string, number>>): readonly Event[] {
  const all = Object.entries(said);
  const events = [...next(chain, { commitments: all.map(([name, output]) => chain.commit(name, jobId, output)) })];
  while (chain.job(jobId).status === JOB_STATUS.committing) events.push(...next(chain));
  const right = all.filter(([, output]) => output === 7).length;
  const reveals = all.map(([name, output]) => chain.reveal(name, jobId, output));
  const isFinal = right * 3 > chain.job(jobId).committeeSize * 2;
  if (chain.job(jobId).status === JOB_STATUS.revealing)
    events.push(...next(chain, { reveals, ...(isFinal ? { outputs: [jobOutput(jobId, 7)] } : {}) }));
  while (!chain.job(jobId).settled) events.push(...next(chain));
  return events;
}

const all = (names: readonly string[], output = 7) => Object.fromEntries(names.map((name) => [name, output]));

/** One audit that these answer. */
function audit(chain: Chain, said: Readonly<Record<string, number>>): readonly Event[] {
  const jobId = awaitAudit(chain);
  if (jobId === undefined) throw new Error("no audit was opened");
  return answer(chain, jobId, said);
}

const until = (chain: Chain, name: string): number => suspendedUntil(chain.store, addressOf(name), 0);

describe("an audit", () => {
  test("is opened once in each stretch of blocks but the first, in a block that the beacon draws", () => {
    const chain = audited();
    while (chain.height < 199) next(chain);
    const heights = auditsOf(chain).map(([, { requestedHeight }]) => requestedHeight);
    expect(heights.map((height) => Math.floor(height / 20))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(new Set(heights.map((height) => height % 20)).size).toBeGreaterThan(3);
    const other = audited();
    while (other.height < 199) next(other);
    expect(auditsOf(other).map(([id]) => toHex(id))).toEqual(auditsOf(chain).map(([id]) => toHex(id)));
    expect(chain.violations()).toEqual([]);
  });

  test("runs on inputs of the beacon of its block, which fit the model", () => {
    const chain = audited();
    const jobId = awaitAudit(chain) ?? new Uint8Array();
    const { fields, requestedHeight, kind, tier } = chain.job(jobId);
    const { manifest } = models.get(chain.store, fields.modelRoot) ?? { manifest: RESIDENT };
    const beacon = (height: number) => chain.context(height).block.beacon;
    const tensors = auditInputs(beacon(requestedHeight), manifest);
    expect(jobInputs.get(chain.store, jobId)).toEqual(Tensors.serialize([...tensors]));
    expect(fields.inputsRoot).toEqual(Tensors.hashTreeRoot([...tensors]));
    expect(tensorsProblem(manifest.inputs, tensors)).toBeUndefined();
    expect(Tensors.hashTreeRoot([...auditInputs(beacon(requestedHeight - 1), manifest)])).not.toEqual(
      fields.inputsRoot,
    );
    expect([kind, tier]).toEqual([JOB_KIND.audit, 0]);
    const shown = chain.query("Job", QueryJobRequest.encode({ jobId: toHex(jobId) }).finish());
    expect(QueryJobResponse.decode(shown).job).toMatchObject({
      kind: "audit",
      baseFee: "0",
      escrow: "0",
      lane: "attested",
    });
  });

  test("asks everyone of the tier, also where a request would have a drawn committee, blind even of a direct model", () => {
    const chain = audited({
      params: { "inference.committeeMax": 3n },
      models: [manifestOf("direct", { direct: true })],
    });
    const jobId = awaitAudit(chain) ?? new Uint8Array();
    expect(chain.job(jobId)).toMatchObject({ committeeSize: 5, direct: false, status: JOB_STATUS.committing });
    // The usual time of a request.
    expect(chain.job(jobId).deadline - chain.job(jobId).requestedHeight).toBe(6);
  });

  test("needs three proposers since the last one", () => {
    const chain = audited({ params: { "inference.auditInterval": 1n } });
    for (let i = 0; i < 8; i++) chain.block({ proposer: i % 2 === 0 ? "alice" : "bob" });
    expect(auditsOf(chain)).toEqual([]);
    chain.block({ proposer: "carol" });
    expect(auditsOf(chain)).toHaveLength(1);
    for (let i = 0; i < 8; i++) next(chain);
    const heights = auditsOf(chain).map(([, { requestedHeight }]) => requestedHeight);
    expect(heights).toEqual([9, 12, 15]);
  });

  test("is of a model that runs inline, where there is one", () => {
    const chain = audited({ models: [...["a", "b", "c", "d"].map((name) => manifestOf(name)), RESIDENT] });
    expect(residentModels.entries(chain.store).map(([root]) => root)).toEqual([RESIDENT.modelRoot]);
    while (chain.height < 150) next(chain);
    const roots = auditsOf(chain).map(([, { fields }]) => toHex(fields.modelRoot));
    expect(roots.length).toBeGreaterThan(5);
    expect(new Set(roots)).toEqual(new Set([toHex(RESIDENT.modelRoot)]));
    // Out of use it has no place any more, and the others take turns.
    next(chain, { run: () => void chain.send.deprecate("resident") });
    expect(residentModels.entries(chain.store)).toEqual([]);
    while (chain.height < 400) next(chain);
    const later = new Set(
      auditsOf(chain)
        .slice(roots.length)
        .map(([, { fields }]) => toHex(fields.modelRoot)),
    );
    expect(later.has(toHex(RESIDENT.modelRoot))).toBe(false);
    expect(later.size).toBeGreaterThan(1);
    expect(chain.violations()).toEqual([]);
  });

  const bool = { name: utf8("x"), dtype: DTYPES.bool.code, shape: [30] };
  test.each([
    ["where the parameter says so", { params: { "inference.auditInterval": 0n } }],
    ["where there is no model", { models: [] }],
    ["of a model that is too dear", { models: [manifestOf("large", { modelBytes: 65_536 * 64 })] }],
    [
      "of one whose inputs are too large",
      {
        params: { "inference.maxInputBytes": 64n },
        models: [manifestOf("wide", { inputs: [{ name: utf8("x"), dtype: DTYPES.float32.code, shape: [16] }] })],
      },
    ],
    [
      "of one that has so few inputs that all answers can be known",
      { models: [manifestOf("tiny", { inputs: [bool] })] },
    ],
  ] satisfies readonly (readonly [string, ChainOptions])[])("there is none %s", (_, options) => {
    const chain = audited(options);
    expect(awaitAudit(chain, 100)).toBeUndefined();
  });

  test("is put off where there is no room, and left out in the end", () => {
    const chain = audited({ params: { "inference.maxOpenJobs": 1n, "inference.commitWindow": 100n } });
    while (chain.height < 18) next(chain);
    next(chain, { run: () => void chain.send.request() });
    const events: Event[] = [];
    while (chain.height < 75) events.push(...next(chain));
    expect(auditsOf(chain)).toEqual([]);
    const [reason] = values(events, "inference_audit_skipped", "reason");
    expect(reason).toContain("1 jobs are open, at most 1");
    // What asks for room in time gets it.
    const patient = audited({ params: { "inference.maxOpenJobs": 1n, "inference.commitWindow": 20n } });
    while (patient.height < 18) next(patient);
    next(patient, { run: () => void patient.send.request() });
    while (patient.height < 41) next(patient);
    expect(auditsOf(patient).map(([, { requestedHeight }]) => requestedHeight)).toEqual([40]);
    expect([chain.violations(), patient.violations()]).toEqual([[], []]);
  });

  test("of a tier that too few serve is put off like one without room", () => {
    const chain = audited({ models: [manifestOf("heavy", { tier: 3 })] });
    expect(awaitAudit(chain, 45)).toBeUndefined();
    next(chain, { run: () => NAMES.forEach((name) => void chain.send.tiers(name, [0, 3])) });
    expect(awaitAudit(chain)).toBeDefined();
  });
});

describe("money", () => {
  test("nobody pays for an audit, and nobody is paid: no coin moves", () => {
    const chain = audited();
    const balances = () => ["owner", "user"].map((name) => chain.balance(name));
    const earned = () => NAMES.map((name) => chain.earned(name));
    const before = [balances(), earned(), chain.escrow()];
    const events = audit(chain, all(NAMES));
    expect(values(events, "inference_final", "exec_error")).toEqual(["false"]);
    expect([balances(), earned(), chain.escrow()]).toEqual(before);
    expect(values(events, "inference_paid", "fee")).toEqual([]);
    expect(chain.violations()).toEqual([]);
  });

  test("one without a quorum fails, and nothing is known about anybody", () => {
    const chain = audited();
    for (let i = 0; i < 6; i++) audit(chain, all(["alice", "bob"]));
    expect(auditsOf(chain).every(([, { status }]) => status === JOB_STATUS.failed)).toBe(true);
    expect(NAMES.map((name) => until(chain, name))).toEqual([0, 0, 0, 0, 0]);
    expect(penalties.entries(chain.store)).toEqual([]);
    expect(chain.escrow()).toBe(0n);
    expect(chain.violations()).toEqual([]);
  });
});

describe("who can't execute at all", () => {
  test("is suspended by audits alone, keeps its stake, and its tier's models leave the inline lane", () => {
    const chain = audited({ models: [RESIDENT] });
    expect(servedByEnough(chain.context(), 0)).toBe(true);
    audit(chain, all(PRESENT));
    audit(chain, all(PRESENT));
    expect(until(chain, "erin")).toBe(0);
    const events = audit(chain, all(PRESENT));
    expect(values(events, "inference_suspended", "cause")).toEqual(["audits"]);
    const end = until(chain, "erin");
    expect(end).toBe(chain.height + 50);
    expect(bondedTokens(chain.store, addressOf("erin"))).toBe(10_000_000n);
    // Four fifths are no nine tenths: what it claims to run inline is attested by those who do.
    expect(servedByEnough(chain.context(), 0)).toBe(false);
    const jobId = awaitAudit(chain) ?? new Uint8Array();
    expect(chain.job(jobId).committeeSize).toBe(4);
    while (chain.height <= end) next(chain);
    expect(servedByEnough(chain.context(), 0)).toBe(true);
    expect(chain.violations()).toEqual([]);
  });

  test("does not hide by answering requests, which may be copied, nor by answering nothing else", () => {
    const request = (chain: Chain, names: readonly string[]): void => {
      const ids: Uint8Array[] = [];
      next(chain, { run: () => void ids.push(chain.send.request().jobId) });
      const [jobId = new Uint8Array()] = ids;
      next(chain, { reveals: names.map((name) => chain.reveal(name, jobId, 7)), outputs: [jobOutput(jobId, 7)] });
      while (!chain.job(jobId).settled) next(chain);
    };
    const models = [manifestOf("digits", { direct: true })];
    const copier = audited({ models });
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 3; j++) request(copier, NAMES);
      expect(until(copier, "erin")).toBe(0);
      audit(copier, all(PRESENT));
    }
    expect(until(copier, "erin")).toBeGreaterThan(0);
    const other = audited({ params: { "inference.absenceMinSample": 3n }, models });
    for (let i = 0; i < 3; i++) {
      audit(other, all(NAMES));
      audit(other, all(NAMES));
      expect(until(other, "erin")).toBe(0);
      request(other, PRESENT);
    }
    expect(until(other, "erin")).toBeGreaterThan(0);
  });

  test("does not pass by saying something: a wrong answer costs stake, and counts as none", () => {
    const chain = audited();
    const wrong = { ...all(PRESENT), erin: 8 };
    const events = audit(chain, wrong);
    expect(values(events, "inference_dissent", "output_root")).toEqual([toHex(outputOf(8).root)]);
    for (let i = 0; i < 7; i++) next(chain);
    expect(bondedTokens(chain.store, addressOf("erin"))).toBe(9_500_000n);
    audit(chain, wrong);
    audit(chain, wrong);
    expect(until(chain, "erin")).toBeGreaterThan(0);
    expect(NAMES.slice(0, 4).map((name) => bondedTokens(chain.store, addressOf(name)))).toEqual(
      new Array(4).fill(10_000_000n),
    );
    expect(chain.violations()).toEqual([]);
  });

  test("does not pass by committing and hiding", () => {
    const chain = audited();
    const jobId = awaitAudit(chain) ?? new Uint8Array();
    next(chain, { commitments: NAMES.map((name) => chain.commit(name, jobId, 7)) });
    const reveals = PRESENT.map((name) => chain.reveal(name, jobId, 7));
    const events = [...next(chain, { reveals, outputs: [jobOutput(jobId, 7)] })];
    while (!chain.job(jobId).settled) events.push(...next(chain));
    expect(values(events, "inference_dissent", "output_root")).toEqual([""]);
  });

  test("can't copy: a commitment to another's signature is not revealed", () => {
    const chain = audited();
    const jobId = awaitAudit(chain) ?? new Uint8Array();
    const { root } = outputOf(7);
    const stolen = chain.commitTo("erin", [[jobId, chain.sign("alice", jobId, root)]]);
    next(chain, { commitments: [...PRESENT.map((name) => chain.commit(name, jobId, 7)), stolen] });
    const mine = chain.reveal("erin", jobId, 7);
    expect(() => next(chain, { reveals: [mine] })).toThrow(/its commitment was to another signature/);
    const copied = { ...mine, signature: chain.sign("alice", jobId, root) };
    expect(() => next(chain, { reveals: [copied] })).toThrow(/signature of reveal 0 does not verify/);
  });

  test("can't leave the tier when it sees an audit: who served it when the block began is asked", () => {
    const chain = audited({ params: { "inference.tierMinPower": 1n } });
    const jobId = awaitAudit(chain) ?? new Uint8Array();
    next(chain, { run: () => void chain.send.tiers("erin", [1]) });
    next(chain);
    expect(chain.job(jobId).committeeSize).toBe(5);
  });
});

test("one can be appealed: everyone runs it again on the inputs that the beacon gives", () => {
  const chain = audited({ params: { "inference.appealWindow": 30n } });
  const jobId = awaitAudit(chain) ?? new Uint8Array();
  const { requestedHeight } = chain.job(jobId);
  answer(chain, jobId, all(NAMES));
  const [, model] = models.entries(chain.store)[0] ?? [];
  const inputs = Tensors.serialize([
    ...auditInputs(chain.context(requestedHeight).block.beacon, model?.manifest ?? RESIDENT),
  ]);
  const ids: Uint8Array[] = [];
  next(chain, { run: () => void ids.push(chain.send.appeal({ jobId, inputs }).appealJob) });
  const [appealJob = new Uint8Array()] = ids;
  const events = [...next(chain, { commitments: NAMES.map((name) => chain.commit(name, appealJob, 8)) })];
  const reveals = NAMES.map((name) => chain.reveal(name, appealJob, 8));
  events.push(...next(chain, { reveals, outputs: [jobOutput(appealJob, 8)] }));
  expect(values(events, "inference_appeal_decided", "outcome")).toEqual(["overturned"]);
  expect(penalties.entries(chain.store)).toHaveLength(5);
  expect(chain.violations()).toEqual([]);
});

test("one that is open when a chain ends fails, owes nothing, and the next chain has its own", () => {
  const chain = audited();
  const jobId = awaitAudit(chain) ?? new Uint8Array();
  abandonJobs(chain.context(chain.height));
  expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.failed, settled: true });
  expect([chain.escrow(), chain.violations()]).toEqual([0n, []]);
  expect(awaitAudit(chain)).toBeDefined();
});

test("by default a validator that answers none is found by audits alone, within one window and with half of them in another tier", () => {
  const { params } = createChain();
  const { auditInterval, auditMinSample, absenceWindow, inlineUnitsPerBlock, auditMaxUnits } =
    inferenceParams.read(params);
  expect(absenceWindow / auditInterval).toBeGreaterThanOrEqual(2n * auditMinSample);
  // All that runs inline can be audited.
  expect(auditMaxUnits).toBeGreaterThanOrEqual(inlineUnitsPerBlock);
});

test("a place in the resident set that is not listed is noticed", () => {
  const chain = audited({ models: [RESIDENT] });
  expect(models.get(chain.store, RESIDENT.modelRoot)?.status).toBe(MODEL_STATUS.active);
  residentModels.delete(chain.store, RESIDENT.modelRoot);
  expect(chain.violations().join()).toContain("runs inline and is not listed");
  residentModels.set(chain.store, RESIDENT.modelRoot, 1);
  expect(chain.violations()).toEqual([]);
  residentModels.set(chain.store, sha256(utf8("nobody")), 1);
  expect(chain.violations().join()).toContain("1 models are listed to run inline and do not");
});

test("inputs that fit: as many bits as are said to be drawn, small integers as indices", () => {
  const of = (dtype: number, shape: readonly number[]) => ({ name: utf8("x"), dtype, shape: [...shape] });
  expect(fitBits([of(DTYPES.float32.code, [2, 3]), of(DTYPES.int64.code, [4]), of(DTYPES.bool.code, [5])])).toBe(
    6 * 26 + 4 * 3 + 5,
  );
  const [ids] = generateInputs(sha256(utf8("seed")), [of(DTYPES.int64.code, [64])], "fit");
  const found = new BigInt64Array(ids?.data.slice().buffer ?? new ArrayBuffer(0));
  expect([...found].every((id) => id >= 0n && id < 8n)).toBe(true);
  expect(new Set(found).size).toBeGreaterThan(4);
});
