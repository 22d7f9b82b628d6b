import { describe, expect, test } from "vitest";
import type { RecordingContext } from "../../chain/executor/context.ts";
import type { AttestationEvidence } from "../../chain/types/attestation.ts";
import type { InferenceView } from "../../modules/inference/view.ts";
import { createAttestationPool } from "../../node/attestation-pool.ts";
import { steadyClock } from "../../node/clock.ts";
import type { RevealMessage } from "../../node/wire.ts";
import { type Chain, createChain, outputOf } from "../inference/harness.ts";
import { validatorKeys } from "../modules/network.ts";
import { silentLog } from "./silent-log.ts";

const NAMES = ["alice", "bob", "carol", "dave"];
const ONE = 1;

/** A pool over a chain, with a count of the signatures that were verified. */
function setup() {
  const chain = createChain();
  const verified = { count: 0 };
  const batches: number[] = [];
  const log = silentLog();
  const late: string[] = [];
  const found: AttestationEvidence[] = [];
  const view = (): InferenceView => {
    const { bls, ...rest } = chain.view();
    const counting = {
      ...bls,
      verify: (set: Parameters<typeof bls.verify>[0]) => {
        verified.count++;
        return bls.verify(set);
      },
      verifyBatch: (sets: Parameters<typeof bls.verifyBatch>[0]) => {
        verified.count += sets.length;
        batches.push(sets.length);
        return bls.verifyBatch(sets);
      },
    };
    return { ...rest, bls: counting };
  };
  const pool = createAttestationPool({
    view,
    onLateCommitment: () => void late.push("commitment"),
    onLateReveal: ({ output }) => void late.push(`reveal of ${output.length} bytes`),
    onEvidence: (evidence) => void found.push(evidence),
    clock: steadyClock,
    log,
  });
  // The selection looks at no more than a view.
  const select = () => pool.select(view() as RecordingContext);
  return { chain, pool, verified, batches, log, late, found, select };
}

function messageOf(chain: Chain, name: string, jobId: Uint8Array, output = ONE): RevealMessage {
  return { reveal: chain.reveal(name, jobId, output), output: outputOf(output).bytes };
}

/** A job that everybody has committed to. */
function committedJob(chain: Chain): Uint8Array {
  const [jobId] = chain.request();
  if (jobId === undefined) throw new Error("no job");
  chain.block({ commitments: NAMES.map((name) => chain.commit(name, jobId, ONE)) });
  return jobId;
}

/** Two attestations of one member about one job. */
function evidenceOf(chain: Chain, name: string, jobId: Uint8Array) {
  const pair = [chain.reveal(name, jobId, 1), chain.reveal(name, jobId, 2)];
  const [a, b] = pair.toSorted((x, y) => Buffer.compare(x.outputRoot, y.outputRoot));
  if (a === undefined || b === undefined) throw new Error("two of them");
  return { validator: a.validator, a, b };
}

describe("commitments and reveals", () => {
  test("that the next block can carry are passed on, and are what a proposer takes", () => {
    const { chain, pool, select } = setup();
    const [jobId] = chain.request();
    if (jobId === undefined) throw new Error("no job");
    expect(pool.addCommitment(chain.commit("alice", jobId, ONE), "p")).toBe("accept");
    expect(pool.addCommitment(chain.commit("alice", jobId, ONE), "q")).toBe("ignore");
    expect([pool.hasWork, select().commitments.length]).toEqual([true, 1]);
    const { commitments } = select();
    chain.block({ commitments });
    pool.committed();
    expect(pool.hasWork).toBe(false);
  });

  test("a job goes from its request to its output by what is in the pool alone", () => {
    const { chain, pool, select } = setup();
    const jobId = committedJob(chain);
    for (const name of NAMES) expect(pool.addReveal(messageOf(chain, name, jobId), "p")).toBe("accept");
    const { reveals, outputs } = select();
    expect([reveals.length, outputs.map(({ output }) => output)]).toEqual([4, [outputOf(ONE).bytes]]);
    chain.block({ reveals, outputs });
    expect(chain.job(jobId).finalHeight).toBe(chain.height);
  });

  test("with a signature that is wrong are held against the sender, and cost one verification", () => {
    const { chain, pool, verified } = setup();
    const [jobId] = chain.request();
    if (jobId === undefined) throw new Error("no job");
    const good = chain.commit("alice", jobId, ONE);
    const forged = { ...good, signature: chain.commit("bob", jobId, ONE).signature };
    expect(pool.addCommitment(forged, "liar")).toBe("reject");
    for (let i = 0; i < 5; i++) pool.committed();
    expect(verified.count).toBe(1);
    expect(pool.addCommitment(good, "p")).toBe("accept");
  });

  test("that are good are not verified again with every block", () => {
    const { chain, pool, verified } = setup();
    const jobId = committedJob(chain);
    for (const name of NAMES) pool.addReveal(messageOf(chain, name, jobId), "p");
    verified.count = 0;
    pool.committed();
    expect(verified.count).toBe(0);
  });

  test("that come a block early wait, with their output, and are told to others once they are good", () => {
    const { chain, pool, late, select } = setup();
    const [jobId] = chain.request();
    if (jobId === undefined) throw new Error("no job");
    for (const name of NAMES) expect(pool.addReveal(messageOf(chain, name, jobId), "p")).toBe("ignore");
    expect(pool.hasWork).toBe(false);
    chain.block({ commitments: NAMES.map((name) => chain.commit(name, jobId, ONE)) });
    pool.committed();
    expect(late).toEqual(NAMES.map(() => `reveal of ${outputOf(ONE).bytes.length} bytes`));
    expect(select().outputs).toHaveLength(1);
  });

  test("that came early are verified together once they can be, and one that is wrong takes none with it", () => {
    const { chain, pool, batches, late } = setup();
    const [jobId] = chain.request();
    if (jobId === undefined) throw new Error("no job");
    const forged = { ...messageOf(chain, "dave", jobId), output: new Uint8Array(0) };
    forged.reveal = { ...forged.reveal, outputRoot: outputOf(2).root };
    for (const name of NAMES) pool.addReveal(messageOf(chain, name, jobId), "p");
    pool.addReveal(forged, "liar");
    chain.block({ commitments: NAMES.map((name) => chain.commit(name, jobId, ONE)) });
    batches.length = 0;
    pool.committed();
    expect(batches[0]).toBe(5);
    expect(late).toHaveLength(4);
  });

  test("of one message are verified in one batch", async () => {
    const { chain, pool, batches } = setup();
    const jobId = committedJob(chain);
    batches.length = 0;
    await pool.prepareReveals(NAMES.map((name) => messageOf(chain, name, jobId)));
    expect(batches).toEqual([4]);
  });

  test("of a member that has left the set since are taken: not to reveal would count against it", () => {
    const { chain, pool } = setup();
    const jobId = committedJob(chain);
    chain.block({ evidence: [evidenceOf(chain, "dave", jobId)] });
    expect(chain.validators).toHaveLength(3);
    expect(pool.addReveal(messageOf(chain, "dave", jobId), "p")).toBe("accept");
  });

  test("a stranger's outputs never push out those of verified reveals", () => {
    const { chain, pool, select } = setup();
    const jobId = committedJob(chain);
    for (const name of NAMES) pool.addReveal(messageOf(chain, name, jobId), "p");
    for (let i = 2; i < 1200; i++) {
      const reveal = { ...chain.reveal("alice", jobId, ONE), outputRoot: outputOf(i).root };
      expect(pool.addReveal({ reveal, output: outputOf(i).bytes }, "stranger")).not.toBe("accept");
    }
    expect(select().outputs.map(({ output }) => output)).toEqual([outputOf(ONE).bytes]);
  });

  test("bytes that are not the output a reveal names are refused; those that a bare one lacked are passed on", () => {
    const { chain, pool, select } = setup();
    const jobId = committedJob(chain);
    const { reveal, output } = messageOf(chain, "alice", jobId);
    expect(pool.addReveal({ reveal, output: outputOf(2).bytes }, "liar")).toBe("reject");
    expect(pool.addReveal({ reveal, output: Uint8Array.of(1) }, "liar")).toBe("reject");
    for (const name of NAMES) pool.addReveal({ ...messageOf(chain, name, jobId), output: new Uint8Array(0) }, "p");
    // Without the output no block can make the job final, so the last reveals have to wait.
    expect([select().reveals.length, select().outputs.length]).toEqual([2, 0]);
    expect(pool.addReveal({ reveal, output }, "p")).toBe("accept");
    expect([select().reveals.length, select().outputs.length]).toEqual([4, 1]);
  });
});

describe("evidence", () => {
  test("is taken when it proves something, and forgotten once it has been used", () => {
    const { chain, pool, select } = setup();
    const jobId = committedJob(chain);
    const evidence = evidenceOf(chain, "dave", jobId);
    expect([pool.addEvidence(evidence), pool.addEvidence(evidence)]).toEqual(["accept", "ignore"]);
    const { duplicateAttestations } = select();
    expect(duplicateAttestations).toEqual([evidence]);
    chain.block({ evidence: duplicateAttestations });
    pool.committed();
    expect([pool.hasWork, pool.addEvidence(evidence)]).toEqual([false, "ignore"]);
  });

  test("that is forged is held against the sender; about what is not known here it is ignored", () => {
    const { chain, pool, verified } = setup();
    const jobId = committedJob(chain);
    const evidence = evidenceOf(chain, "dave", jobId);
    const forged = { ...evidence, b: { ...evidence.b, signature: evidence.a.signature } };
    expect(pool.addEvidence(forged)).toBe("reject");
    verified.count = 0;
    const unknown = new Uint8Array(32).fill(7);
    const elsewhere = { ...evidence, a: { ...evidence.a, jobId: unknown }, b: { ...evidence.b, jobId: unknown } };
    expect([pool.addEvidence(elsewhere), verified.count]).toEqual(["ignore", 0]);
  });
});

describe("a member that attests two outputs of one job", () => {
  const OTHER = 2;

  test.each(["after", "before"])("is found out when the second comes %s the one it committed to", (order) => {
    const { chain, pool, found, select } = setup();
    const jobId = committedJob(chain);
    const [own, other] = [messageOf(chain, "dave", jobId), messageOf(chain, "dave", jobId, OTHER)];
    const [first, second] = order === "after" ? [own, other] : [other, own];
    pool.addReveal(first, "p");
    expect(found).toEqual([]);
    pool.addReveal(second, "q");
    expect(found).toEqual([evidenceOf(chain, "dave", jobId)]);
    chain.block({ evidence: select().duplicateAttestations });
    expect(chain.validators).toHaveLength(3);
  });

  test("is found out when the first is in a block already, by a node that has heard of nothing before", () => {
    const { chain, pool, found } = setup();
    const jobId = committedJob(chain);
    const output = { jobId, output: outputOf(ONE).bytes };
    chain.block({ reveals: NAMES.map((name) => chain.reveal(name, jobId, ONE)), outputs: [output] });
    pool.addReveal(messageOf(chain, "dave", jobId, OTHER), "p");
    expect(found).toEqual([evidenceOf(chain, "dave", jobId)]);
  });

  test("is reported once, however often it is heard, and not any more when it has been punished", () => {
    const { chain, pool, found, verified } = setup();
    const jobId = committedJob(chain);
    pool.addReveal(messageOf(chain, "dave", jobId), "p");
    for (let i = 0; i < 3; i++) pool.addReveal(messageOf(chain, "dave", jobId, OTHER), "p");
    expect(found).toHaveLength(1);
    chain.block({ evidence: found });
    pool.committed();
    verified.count = 0;
    pool.addReveal(messageOf(chain, "dave", jobId, 3), "p");
    expect([found.length, verified.count]).toEqual([1, 0]);
  });

  test("can't be made up: a forged attestation is held against whoever sends it", () => {
    const { chain, pool, found } = setup();
    const jobId = committedJob(chain);
    const own = messageOf(chain, "dave", jobId);
    const forged = { ...own, reveal: { ...own.reveal, outputRoot: outputOf(OTHER).root } };
    pool.addReveal(own, "p");
    expect(pool.addReveal({ reveal: forged.reveal, output: outputOf(OTHER).bytes }, "liar")).toBe("reject");
    const stolen = { ...forged.reveal, signature: chain.reveal("carol", jobId, OTHER).signature };
    expect(pool.addReveal({ reveal: stolen, output: outputOf(OTHER).bytes }, "liar")).toBe("reject");
    expect(found).toEqual([]);
  });

  test("said again as it was said before is nothing", () => {
    const { chain, pool, found, verified } = setup();
    const jobId = committedJob(chain);
    pool.addReveal(messageOf(chain, "dave", jobId), "p");
    chain.block({ reveals: [chain.reveal("dave", jobId, ONE)] });
    pool.committed();
    verified.count = 0;
    expect(pool.addReveal(messageOf(chain, "dave", jobId), "p")).toBe("ignore");
    expect([found, verified.count]).toEqual([[], 0]);
  });
});

test("the keys of the fixture are those of the chain's validators", () => {
  const { chain } = setup();
  const keys = chain.validators.map(({ voteKey }) => Buffer.from(voteKey).toString("hex")).toSorted();
  expect(keys).toEqual(NAMES.map((name) => Buffer.from(validatorKeys(name).vote.publicKey).toString("hex")).toSorted());
});
