import { bls12_381 } from "@noble/curves/bls12-381.js";
import { expect, test } from "vitest";
import { sha256 } from "../../chain/crypto/hash.ts";
import { InvalidBlockError } from "../../chain/errors.ts";
import { writeHeight } from "../../chain/executor/chain-state.ts";
import type { AttestationEvidence, Reveal } from "../../chain/types/attestation.ts";
import { badSignatures } from "../../modules/inference/signatures.ts";
import { JOB_STATUS, penalties } from "../../modules/inference/store.ts";
import { bondedTokens, validatorByOperator } from "../../modules/staking/keeper.ts";
import { addressOf, BLS, validatorKeys } from "../modules/network.ts";
import { type BlockOptions, type Chain, createChain, FOUR, jobOutput, outputOf, values } from "./harness.ts";

const NAMES = Object.keys(FOUR);

/** Why a block is refused; it must leave no trace. */
function refusal(chain: Chain, block: BlockOptions): string {
  const before = chain.store.changes();
  try {
    chain.block(block);
  } catch (error) {
    if (!(error instanceof InvalidBlockError)) throw error;
    expect(chain.store.changes()).toEqual(before);
    return error.reason;
  }
  throw new Error("the block was accepted");
}

/** A chain with one job whose members have all committed to output 7, but for those who `say` something else. */
function revealing(say: Readonly<Record<string, number>> = {}, params: Readonly<Record<string, bigint>> = {}) {
  const chain = createChain({ params });
  const [jobId] = chain.request() as [Uint8Array];
  chain.block({ commitments: NAMES.map((name) => chain.commit(name, jobId, say[name] ?? 7)) });
  return { chain, jobId };
}

test("nobody commits in another's name", () => {
  const chain = createChain();
  const [jobId] = chain.request() as [Uint8Array];
  const commitment = chain.commit("alice", jobId, 7);
  const data = { ...commitment.data, validator: addressOf("bob") };
  expect(refusal(chain, { commitments: [{ ...commitment, data }] })).toBe(
    "the signature of commitment 0 does not verify",
  );
});

test("a commitment that was copied can't be revealed: the signature is its maker's own", () => {
  const chain = createChain({ params: { "inference.appealWindow": 1n } });
  const [jobId] = chain.request() as [Uint8Array];
  const copied = chain.sign("alice", jobId, outputOf(7).root);
  chain.block({
    commitments: [
      ...NAMES.slice(0, 3).map((name) => chain.commit(name, jobId, 7)),
      chain.commitTo("dave", [[jobId, copied]]),
    ],
  });
  const forged: Reveal = { ...chain.reveal("alice", jobId, 7), validator: addressOf("dave") };
  const honest = NAMES.slice(0, 3).map((name) => chain.reveal(name, jobId, 7));
  const outputs = [jobOutput(jobId, 7)];
  expect(refusal(chain, { reveals: [...honest, forged], outputs })).toBe("the signature of reveal 3 does not verify");
  expect(refusal(chain, { reveals: [...honest, chain.reveal("dave", jobId, 7)], outputs })).toMatch(
    /to another signature/,
  );
  chain.block({ reveals: honest, outputs });
  chain.pass(3);
  expect(bondedTokens(chain.store, addressOf("dave"))).toBe(9_500_000n);
});

test("random bytes as a commitment gain nothing: the answer can't be put in later, and keeping silent costs", () => {
  const chain = createChain({ params: { "inference.appealWindow": 1n } });
  const [jobId] = chain.request() as [Uint8Array];
  const random = sha256(Uint8Array.of(1));
  const paid = chain.balance("dave");
  chain.block({
    commitments: [
      ...NAMES.slice(0, 3).map((name) => chain.commit(name, jobId, 7)),
      chain.commitTo("dave", [[jobId, random]]),
    ],
  });
  const honest = NAMES.slice(0, 3).map((name) => chain.reveal(name, jobId, 7));
  chain.block({ reveals: honest, outputs: [jobOutput(jobId, 7)] });
  expect(refusal(chain, { reveals: [chain.reveal("dave", jobId, 7)] })).toMatch(/to another signature/);
  chain.pass(4);
  expect(bondedTokens(chain.store, addressOf("dave"))).toBe(9_500_000n);
  // Dave has his part of the base fee, as everyone has, and nothing else.
  expect(chain.balance("dave") - paid).toBeLessThan(100n);
});

test("two members can't swap a difference between their signatures, although the sum is right", () => {
  const chain = createChain();
  const [jobId] = chain.request() as [Uint8Array];
  const point = (bytes: Uint8Array) => bls12_381.G2.Point.fromBytes(bytes);
  const difference = bls12_381.G2.Point.BASE.multiply(5n);
  const own = {
    carol: chain.sign("carol", jobId, outputOf(7).root),
    dave: chain.sign("dave", jobId, outputOf(7).root),
  };
  const swapped = {
    carol: point(own.carol).add(difference).toBytes(),
    dave: point(own.dave).subtract(difference).toBytes(),
  };
  expect(BLS.aggregate([swapped.carol, swapped.dave])).toEqual(BLS.aggregate([own.carol, own.dave]));
  chain.block({
    commitments: [
      ...["alice", "bob"].map((name) => chain.commit(name, jobId, 7)),
      chain.commitTo("carol", [[jobId, swapped.carol]]),
      chain.commitTo("dave", [[jobId, swapped.dave]]),
    ],
  });
  const reveals = NAMES.map((name) => {
    const reveal = chain.reveal(name, jobId, 7);
    return name === "carol" || name === "dave" ? { ...reveal, signature: swapped[name] } : reveal;
  });
  expect(refusal(chain, { reveals, outputs: [jobOutput(jobId, 7)] })).toBe("the signature of reveal 2 does not verify");
});

test("bad signatures are found wherever they are, and as many as are asked for", () => {
  const message = sha256(Uint8Array.of(9));
  const sets = NAMES.map((name, index) => {
    const { vote } = validatorKeys(name);
    return { publicKey: vote.publicKey, message, signature: vote.sign(index % 2 === 0 ? message : sha256(message)) };
  });
  expect(badSignatures(BLS, sets)).toEqual([1, 3]);
  expect(badSignatures(BLS, sets, 1)).toEqual([1]);
  expect(badSignatures(BLS, [])).toEqual([]);
});

test("of a commitment that names more than can be taken, the rest is passed over", () => {
  const chain = createChain();
  const [first, second] = chain.request(2) as [Uint8Array, Uint8Array];
  const entryOf = (jobId: Uint8Array) => [jobId, chain.sign("alice", jobId, outputOf(7).root)] as const;
  chain.block({ commitments: [chain.commitTo("alice", [entryOf(first)])] });
  expect([chain.job(first).committedCount, chain.job(second).committedCount]).toEqual([1, 0]);
  // The first is in the chain, the last is of a job that nobody knows.
  const unknown = [sha256(first), entryOf(first)[1]] as const;
  chain.block({ commitments: [chain.commitTo("alice", [entryOf(first), entryOf(second), unknown])] });
  expect([chain.job(first).committedCount, chain.job(second).committedCount]).toEqual([1, 1]);
  expect(chain.violations()).toEqual([]);
});

test("what a proposer must not include as a commitment", () => {
  const chain = createChain();
  const [jobId, other] = chain.request(2) as [Uint8Array, Uint8Array];
  const signature = chain.sign("alice", jobId, outputOf(7).root);
  const reason = (...commitments: BlockOptions["commitments"] & object) => refusal(chain, { commitments });
  const alice = chain.commit("alice", jobId, 7);
  expect(reason(alice, chain.commit("alice", other, 7))).toMatch(/two commitments of operator/);
  expect(reason(chain.commitTo("alice", []))).toMatch(/is empty/);
  expect(
    reason(
      chain.commitTo("alice", [
        [jobId, signature],
        [jobId, signature],
      ]),
    ),
  ).toMatch(/twice/);
  expect(reason(chain.commitTo("alice", [[sha256(jobId), signature]]))).toMatch(/there is no job/);
  expect(reason(chain.commitTo("mallory", [[jobId, signature]]))).toMatch(/not in the committee/);
  chain.block({ commitments: [alice] });
  expect(reason(alice)).toMatch(/already committed/);
});

test("what a proposer must not include as a reveal", () => {
  const { chain, jobId } = revealing();
  const reason = (...reveals: BlockOptions["reveals"] & object) => refusal(chain, { reveals });
  const alice = chain.reveal("alice", jobId, 7);
  expect(reason(alice, alice)).toMatch(/twice/);
  expect(reason(chain.reveal("alice", jobId, 8))).toMatch(/to another signature/);
  expect(reason({ ...alice, outputRoot: outputOf(8).root })).toMatch(/signature of reveal 0/);
  expect(reason({ ...alice, jobId: sha256(jobId) })).toMatch(/no such job/);
  expect(reason({ ...alice, validator: addressOf("mallory") })).toMatch(/not in the committee/);
  chain.block({ reveals: [alice] });
  expect(reason(alice)).toMatch(/already revealed/);
  chain.pass(2);
  expect(reason(chain.reveal("bob", jobId, 7))).toMatch(/not open/);
});

test("the body carries the outputs of exactly the jobs that become final, in order", () => {
  const chain = createChain();
  const ids = chain.request(2) as [Uint8Array, Uint8Array];
  const [first, second] = ids;
  chain.block({
    commitments: NAMES.map((name) =>
      chain.commitTo(
        name,
        ids.map((id) => [id, chain.sign(name, id, outputOf(7).root)]),
      ),
    ),
  });
  const reveals = ids.flatMap((id) => NAMES.map((name) => chain.reveal(name, id, 7)));
  const reason = (...outputs: BlockOptions["outputs"] & object) => refusal(chain, { reveals, outputs });
  expect(reason()).toBe("0 outputs for the 2 jobs that the reveals make final");
  expect(reason(jobOutput(first, 7))).toMatch(/1 outputs for the 2 jobs/);
  expect(reason(jobOutput(second, 7), jobOutput(first, 7))).toMatch(/output 0 is not of job/);
  expect(reason(jobOutput(first, 7), jobOutput(second, 8))).toMatch(/its root is/);
  expect(reason(jobOutput(first, 7), { jobId: second, output: Uint8Array.of(1, 2, 3) })).toMatch(
    /no serialised tensors/,
  );
  expect(refusal(chain, { outputs: [jobOutput(first, 7)] })).toMatch(/1 outputs for the 0 jobs/);
  chain.block({ reveals, outputs: [jobOutput(first, 7), jobOutput(second, 7)] });
  expect(refusal(chain, { outputs: [jobOutput(first, 7)] })).toMatch(/1 outputs for the 0 jobs/);
});

test("outputs come in the order in which quorums are reached, not in that of first reveals", () => {
  const chain = createChain();
  const ids = chain.request(2) as [Uint8Array, Uint8Array];
  const [first, second] = ids;
  chain.block({
    commitments: NAMES.map((name) =>
      chain.commitTo(
        name,
        ids.map((id) => [id, chain.sign(name, id, outputOf(7).root)]),
      ),
    ),
  });
  const [alice, ...others] = NAMES.map((name) => chain.reveal(name, first, 7)) as [Reveal, ...Reveal[]];
  const reveals = [alice, ...NAMES.map((name) => chain.reveal(name, second, 7)), ...others];
  expect(refusal(chain, { reveals, outputs: [jobOutput(first, 7), jobOutput(second, 7)] })).toMatch(/output 0/);
  chain.block({ reveals, outputs: [jobOutput(second, 7), jobOutput(first, 7)] });
});

test("an output in which a length has another serialisation is refused", () => {
  const { chain, jobId } = revealing();
  const reveals = NAMES.map((name) => chain.reveal(name, jobId, 7));
  const { bytes } = outputOf(7);
  for (let at = 0; at < bytes.length; at++) {
    const changed = Uint8Array.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 0x80;
    refusal(chain, { reveals, outputs: [{ jobId, output: changed }] });
  }
});

function evidence(chain: Chain, jobId: Uint8Array, name: string, one = 7, two = 8): AttestationEvidence {
  const pair = [chain.reveal(name, jobId, one), chain.reveal(name, jobId, two)];
  const [a, b] = pair.sort((x, y) => Buffer.compare(x.outputRoot, y.outputRoot)) as [Reveal, Reveal];
  return { validator: addressOf(name), a, b };
}

test("two attestations of one job are equivocation: slashed and barred at once, and once", () => {
  const { chain, jobId } = revealing();
  const proof = evidence(chain, jobId, "dave");
  const events = chain.block({ evidence: [proof] });
  expect(values(events, "inference_equivocation", "operator")).toHaveLength(1);
  const dave = validatorByOperator(chain.store, addressOf("dave"));
  expect(dave).toMatchObject({ tombstoned: true, jailed: true });
  expect(dave?.tokens).toBeLessThan(10_000_000n);
  expect(chain.validators).toHaveLength(3);
  expect(refusal(chain, { evidence: [proof] })).toMatch(/punished already/);
  expect(refusal(chain, { evidence: [evidence(chain, jobId, "dave", 7, 9)] })).toMatch(/punished already/);
  // The committee of the job is the one of its request.
  const reveals = NAMES.map((name) => chain.reveal(name, jobId, 7));
  chain.block({ reveals, outputs: [jobOutput(jobId, 7)] });
  expect(chain.job(jobId).status).toBe(JOB_STATUS.final);
});

test("evidence that proves nothing makes the block invalid", () => {
  const { chain, jobId } = revealing({}, { "consensus.evidenceMaxAgeBlocks": 10n });
  const proof = evidence(chain, jobId, "dave");
  const reason = (change: Partial<AttestationEvidence>) => refusal(chain, { evidence: [{ ...proof, ...change }] });
  expect(reason({ a: proof.b, b: proof.a })).toMatch(/ascending/);
  expect(reason({ b: proof.a })).toMatch(/ascending/);
  expect(reason({ validator: addressOf("carol") })).toMatch(/two validators/);
  expect(reason({ b: { ...proof.b, jobId: sha256(jobId) } })).toMatch(/other attestation/);
  expect(reason({ b: { ...proof.b, signature: proof.a.signature } })).toMatch(/does not verify/);
  expect(refusal(chain, { evidence: [proof, proof] })).toMatch(/punished already/);
  const stranger = evidence(chain, jobId, "mallory");
  expect(refusal(chain, { evidence: [stranger] })).toMatch(/not in the committee/);
  chain.pass(10);
  expect(refusal(chain, { evidence: [proof] })).toMatch(/older than 10 blocks/);
});

test("evidence counts until it is older than both limits", () => {
  const ages = { "consensus.evidenceMaxAgeBlocks": 10n, "consensus.evidenceMaxAgeTime": 20_000n };
  const { chain, jobId } = revealing({}, ages);
  const proof = evidence(chain, jobId, "dave");
  const requested = chain.job(jobId).requestedHeight;
  const time = chain.view().block.time - 1000 * (chain.view().block.height - requested);
  writeHeight(chain.store, requested, { time, validatorsRoot: new Uint8Array(32), paramsRoot: new Uint8Array(32) });
  chain.pass(requested + 20 - chain.height);
  expect(refusal(chain, { evidence: [proof] })).toMatch(/21 blocks and 21000 ms old/);
  const younger = { time: time + 2000, validatorsRoot: new Uint8Array(32), paramsRoot: new Uint8Array(32) };
  writeHeight(chain.store, requested, younger);
  chain.block({ evidence: [proof] });
  expect(validatorByOperator(chain.store, addressOf("dave"))?.tombstoned).toBe(true);
});

test("evidence counts after the job is over too", () => {
  const { chain, jobId } = revealing();
  const proof = evidence(chain, jobId, "dave");
  chain.block({ reveals: NAMES.map((name) => chain.reveal(name, jobId, 7)), outputs: [jobOutput(jobId, 7)] });
  chain.pass(6);
  expect(penalties.entries(chain.store)).toEqual([]);
  chain.block({ evidence: [proof] });
  expect(validatorByOperator(chain.store, addressOf("dave"))?.tombstoned).toBe(true);
});

test("a job keeps the committee of its request when validators change", () => {
  const { chain, jobId } = revealing();
  chain.block({ evidence: [evidence(chain, jobId, "dave")] });
  const [next] = chain.request() as [Uint8Array];
  expect(chain.job(next)).toMatchObject({ committeeSize: 3, committeePower: 30n });
  expect(refusal(chain, { commitments: [chain.commit("dave", next, 7)] })).toMatch(/not in the committee/);
});
