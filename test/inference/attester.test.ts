import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { blobRoot } from "../../chain/blob-root.ts";
import { toHex, utf8 } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import type { Commitment } from "../../chain/types/attestation.ts";
import { custodyOutput } from "../../modules/inference/custody.ts";
import { selectForBlock } from "../../modules/inference/selection.ts";
import { BLOB_STATUS, inputBlobs, JOB_KIND, JOB_STATUS, jobs } from "../../modules/inference/store.ts";
import { Tensors } from "../../modules/inference/tensors.ts";
import { openAttestationStore } from "../../node/attester/attestation-store.ts";
import { type Attester, type AttesterOptions, createAttester } from "../../node/attester/attester.ts";
import { checkCustodyAside } from "../../node/attester/custody-check.ts";
import { steadyClock } from "../../node/clock.ts";
import type { EngineResult, RunRequest } from "../../node/engine/engine.ts";
import type { Logger } from "../../node/log.ts";
import { attestationSigner } from "../../node/signer/attestation-signer.ts";
import type { RevealMessage } from "../../node/wire.ts";
import { MsgRegisterBlob, MsgRequestInference } from "../../proto/inference.ts";
import { accountOf, SPEC, validatorKeys } from "../modules/network.ts";
import { type Chain, createChain, FOUR, manifestOf, outputOf, requestOf, tensor } from "./harness.ts";

const NAMES = Object.keys(FOUR);
const ENGINE_ID = sha256(utf8("engine"));
let folder: string;
let running: Node[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "assay-attester-"));
});
afterEach(async () => {
  for (const node of running) await node.attester.close();
  running = [];
  rmSync(folder, { recursive: true, force: true });
});

const errors: string[] = [];
const log: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: ({ err }, message) => void errors.push(err instanceof Error ? `${message}: ${err.message}` : message),
  child: () => log,
};
beforeEach(() => {
  errors.length = 0;
});

const ok = (number: number): EngineResult => ({ kind: "ok", outputs: [tensor(number, -number)] });

interface Node {
  readonly attester: Attester;
  readonly commitments: Commitment[];
  readonly reveals: RevealMessage[];
  readonly asked: RunRequest[];
}

/** A validator's attester over an engine that answers as told. */
async function start(
  name: string,
  answer: (request: RunRequest) => EngineResult | Promise<EngineResult>,
  change: Partial<AttesterOptions> = {},
): Promise<Node> {
  const commitments: Commitment[] = [];
  const reveals: RevealMessage[] = [];
  const asked: RunRequest[] = [];
  const store = change.store ?? (await openAttestationStore({ path: join(folder, name), keepBlocks: 1000 }));
  const attester = createAttester({
    engine: {
      id: ENGINE_ID,
      run(request) {
        asked.push(request);
        return Promise.resolve(answer(request));
      },
    },
    signer: attestationSigner(validatorKeys(name).vote, SPEC.genesisRoot, store),
    spec: SPEC,
    store,
    loadModel: () => Promise.resolve(new Uint8Array(1)),
    onRun: () => undefined,
    clock: steadyClock,
    publishCommitment: (commitment) => void commitments.push(commitment),
    publishReveal: (message) => void reveals.push(message),
    log,
    ...change,
  });
  const node = { attester, commitments, reveals, asked };
  running.push(node);
  return node;
}

/** A block with what all nodes have said so far, as a proposer would choose it. */
function blockOf(chain: Chain, nodes: readonly Node[]): void {
  const outputs = new Map(
    nodes.flatMap(({ reveals }) => reveals.map(({ output, reveal }) => [toHex(reveal.outputRoot), output] as const)),
  );
  const selected = selectForBlock(chain.view(), {
    commitments: nodes.flatMap(({ commitments }) => commitments),
    reveals: nodes.flatMap(({ reveals }) => reveals.map(({ reveal }) => reveal)),
    duplicateAttestations: [],
    output: (root) => outputs.get(toHex(root)),
  });
  chain.block({ ...selected, evidence: [] });
  for (const { attester } of nodes) attester.onCommit(chain.store);
}

const until = (condition: () => boolean) => vi.waitUntil(condition, { timeout: 5000, interval: 2 });

test("four attesters take a job from its request to a final output in two blocks", async () => {
  const chain = createChain();
  const nodes = await Promise.all(NAMES.map((name) => start(name, () => ok(7))));
  const [jobId] = chain.request() as [Uint8Array];
  for (const { attester } of nodes) attester.onCommit(chain.store);
  await until(() => nodes.every(({ commitments }) => commitments.length > 0));
  blockOf(chain, nodes);
  expect(chain.job(jobId).status).toBe(JOB_STATUS.revealing);
  expect(nodes.every(({ reveals }) => reveals.length === 1)).toBe(true);
  blockOf(chain, nodes);
  expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.final, finalHeight: 3, outputRoot: outputOf(7).root });
  expect(errors).toEqual([]);
});

test("two of a committee send an output, and everyone does where the next block has not made it final", async () => {
  const chain = createChain();
  const bare: boolean[] = [];
  const publishReveal: AttesterOptions["publishReveal"] = (_, isBare) => void bare.push(isBare);
  const nodes = await Promise.all(NAMES.map((name) => start(name, () => ok(7), { publishReveal })));
  chain.request();
  for (const { attester } of nodes) attester.onCommit(chain.store);
  await until(() => nodes.every(({ commitments }) => commitments.length > 0));
  blockOf(chain, nodes);
  expect(bare.filter((isBare) => isBare)).toHaveLength(2);
  blockOf(chain, nodes);
  expect(bare.slice(4)).toEqual([false, false, false, false]);
});

test("where there are no commitments, a job is final after one block", async () => {
  const chain = createChain({ models: [manifestOf("digits", { direct: true })] });
  const nodes = await Promise.all(NAMES.map((name) => start(name, () => ok(7))));
  const [jobId] = chain.request() as [Uint8Array];
  for (const { attester } of nodes) attester.onCommit(chain.store);
  await until(() => nodes.every(({ reveals }) => reveals.length > 0));
  expect(nodes.flatMap(({ commitments }) => commitments)).toEqual([]);
  blockOf(chain, nodes);
  expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.final, finalHeight: 2, outputRoot: outputOf(7).root });
  expect(errors).toEqual([]);
});

test("an audit is answered like any job, by those who can run its model", async () => {
  const chain = createChain({ params: { "inference.auditInterval": 4n } });
  const nodes = await Promise.all(
    NAMES.map((name) => start(name, () => (name === "dave" ? { kind: "absent", reason: "no engine" } : ok(7)))),
  );
  const audits = () => jobs.entries(chain.store).filter(([, { kind }]) => kind === JOB_KIND.audit);
  while (audits().length === 0) chain.block({ proposer: NAMES[chain.height % NAMES.length] ?? "" });
  const [jobId] = audits()[0] ?? [new Uint8Array()];
  for (const { attester } of nodes) attester.onCommit(chain.store);
  await until(() => nodes.filter(({ commitments }) => commitments.length > 0).length === 3);
  while (chain.job(jobId).status !== JOB_STATUS.final) blockOf(chain, nodes);
  expect(chain.job(jobId)).toMatchObject({ kind: JOB_KIND.audit, committedCount: 3, outputRoot: outputOf(7).root });
  expect(errors).toEqual([]);
});

test("an error of the engine is attested, its absence is not", async () => {
  const chain = createChain({ validators: { alice: 40n, bob: 10n } });
  const alice = await start("alice", () => ({ kind: "execError", message: "index out of range" }));
  const bob = await start("bob", () => ({ kind: "absent", reason: "no time" }));
  const [jobId] = chain.request() as [Uint8Array];
  for (let i = 0; i < 3; i++) {
    blockOf(chain, [alice, bob]);
    await until(() => alice.commitments.length > 0);
  }
  expect(bob.commitments).toEqual([]);
  blockOf(chain, [alice, bob]);
  expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.final, outputRoot: outputOf(0).root });
});

test("one message lists every job, in the order of their ids", async () => {
  const chain = createChain();
  const alice = await start("alice", () => ok(7));
  chain.request(5, { inputs: Tensors.serialize([tensor(1, 2)]) });
  alice.attester.onCommit(chain.store);
  await until(() => alice.commitments.length > 0);
  const [first] = alice.commitments as [Commitment];
  // They end in one turn of the event loop, go to the disk together and are said together.
  expect(first.data.entries).toHaveLength(5);
  const ids = first.data.entries.map(({ jobId }) => toHex(jobId));
  expect(ids).toEqual([...ids].sort());
  // One computation for five jobs over the same inputs.
  expect(alice.asked).toHaveLength(1);
  // Until the chain has it, it is said again.
  chain.block();
  alice.attester.onCommit(chain.store);
  expect(alice.commitments.at(-1)).toEqual(first);
});

test("nothing is published before it is on the disk, and nothing at all when it can't be", async () => {
  const chain = createChain();
  let release: (error?: Error) => void = () => undefined;
  const written = new Promise<void>((resolve, reject) => {
    release = (error) => (error === undefined ? resolve() : reject(error));
  });
  const store = { get: () => undefined, add: () => written, close: () => Promise.resolve() };
  const alice = await start("alice", () => ok(7), { store });
  chain.request();
  alice.attester.onCommit(chain.store);
  await until(() => alice.asked.length > 0);
  chain.block();
  alice.attester.onCommit(chain.store);
  expect(alice.commitments).toEqual([]);
  release(new Error("the disk is full"));
  await until(() => errors.length > 0);
  expect(errors[0]).toContain("the disk is full");
  expect(alice.commitments).toEqual([]);
});

test("after a restart what was attested stands, whatever the engine says now", async () => {
  const chain = createChain();
  const [jobId] = chain.request() as [Uint8Array];
  const before = await start("alice", () => ok(7));
  before.attester.onCommit(chain.store);
  await until(() => before.commitments.length > 0);
  await before.attester.close();
  running = [];
  const after = await start("alice", () => ok(8));
  after.attester.onCommit(chain.store);
  await until(() => after.commitments.length > 0);
  expect(after.commitments).toEqual(before.commitments);
  await until(() => errors.length > 0);
  expect(errors[0]).toContain("is attested with output");
  // Committed, and revealed as it was, without the output that is no longer at hand.
  const others = NAMES.slice(1).map((name) => chain.commit(name, jobId, 7));
  chain.block({ commitments: [...after.commitments.slice(0, 1), ...others] });
  after.attester.onCommit(chain.store);
  expect(after.reveals).toEqual([{ reveal: chain.reveal("alice", jobId, 7), output: new Uint8Array(0) }]);
});

test("after a restart between commitment and reveal the output is computed again", async () => {
  const chain = createChain();
  const [jobId] = chain.request() as [Uint8Array];
  const before = await start("alice", () => ok(7));
  before.attester.onCommit(chain.store);
  await until(() => before.commitments.length > 0);
  await before.attester.close();
  running = [];
  chain.block({
    commitments: [...before.commitments.slice(0, 1), ...NAMES.slice(1).map((name) => chain.commit(name, jobId, 7))],
  });
  const after = await start("alice", () => ok(7));
  after.attester.onCommit(chain.store);
  await until(() => after.reveals.some(({ output }) => output.length > 0));
  expect(after.reveals.at(-1)).toEqual({ reveal: chain.reveal("alice", jobId, 7), output: outputOf(7).bytes });
  expect(errors).toEqual([]);
});

test("with the file lost, a commitment in the chain can still be revealed: signatures are unique", async () => {
  const chain = createChain();
  const [jobId] = chain.request() as [Uint8Array];
  chain.block({ commitments: NAMES.map((name) => chain.commit(name, jobId, 7)) });
  const alice = await start("alice", () => ok(7));
  alice.attester.onCommit(chain.store);
  await until(() => alice.reveals.length > 0);
  expect(alice.reveals[0]?.reveal).toEqual(chain.reveal("alice", jobId, 7));
});

test("what this node did not commit to is not revealed", async () => {
  const chain = createChain();
  const [jobId] = chain.request() as [Uint8Array];
  chain.block({ commitments: NAMES.map((name) => chain.commit(name, jobId, 8)) });
  const alice = await start("alice", () => ok(7));
  alice.attester.onCommit(chain.store);
  await until(() => errors.length > 0);
  expect(errors[0]).toContain("a commitment of this validator that this node did not make");
  expect(alice.reveals).toEqual([]);
});

test("who is not in the committee, or has another engine, does nothing", async () => {
  const chain = createChain({
    models: [manifestOf("digits"), manifestOf("foreign", { engineId: new Uint8Array(32) })],
  });
  const stranger = await start("mallory", () => ok(7));
  const alice = await start("alice", () => ok(7));
  chain.request(1, { model: "foreign" });
  for (const { attester } of [stranger, alice]) attester.onCommit(chain.store);
  chain.request();
  for (const { attester } of [stranger, alice]) attester.onCommit(chain.store);
  await until(() => alice.commitments.length > 0);
  expect(alice.commitments[0]?.data.entries).toHaveLength(1);
  expect(alice.asked).toHaveLength(1);
  expect(stranger.asked).toEqual([]);
});

test("a model that is not to be had is looked for again, and does not hold others up", async () => {
  const missing = manifestOf("missing");
  const chain = createChain({
    models: [manifestOf("digits"), missing],
    params: { "inference.commitWindow": 20n },
  });
  let here = false;
  let looked = 0;
  const loadModel = (root: Uint8Array): Promise<Uint8Array | undefined> => {
    if (toHex(root) !== toHex(missing.modelRoot)) return Promise.resolve(new Uint8Array(1));
    looked++;
    return Promise.resolve(here ? new Uint8Array(1) : undefined);
  };
  const alice = await start("alice", () => ok(7), { loadModel });
  const [first] = chain.request(1, { model: "missing" }) as [Uint8Array];
  alice.attester.onCommit(chain.store);
  chain.request();
  alice.attester.onCommit(chain.store);
  await until(() => alice.commitments.length > 0);
  const committed = () => alice.commitments.at(-1)?.data.entries.map(({ jobId }) => toHex(jobId));
  const blocksUntil = async (condition: () => boolean) => {
    while (!condition() && chain.height < 19) {
      chain.block();
      alice.attester.onCommit(chain.store);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(condition()).toBe(true);
  };
  await blocksUntil(() => looked > 2);
  here = true;
  await blocksUntil(() => committed()?.includes(toHex(first)) === true);
});

const pending = (change: Parameters<typeof requestOf>[0] = {}) => ({
  typeUrl: MsgRequestInference.typeUrl,
  value: MsgRequestInference.encode(requestOf(change)).finish(),
});

test("a run begun for a waiting transaction answers the job that comes of it", async () => {
  const chain = createChain();
  const alice = await start("alice", () => ok(7));
  alice.attester.onCommit(chain.store);
  alice.attester.onPendingTx([pending(), pending()]);
  await until(() => alice.asked.length > 0);
  expect(alice.asked.map(({ priority }) => priority)).toEqual(["low"]);
  chain.request();
  alice.attester.onCommit(chain.store);
  await until(() => alice.commitments.length > 0);
  expect(alice.asked).toHaveLength(1);
});

test("nothing is computed in advance for a tier that this validator does not serve", async () => {
  const chain = createChain();
  const alice = await start("alice", () => ok(7));
  chain.block({ run: () => chain.send.tiers("alice", [1]) });
  alice.attester.onCommit(chain.store);
  alice.attester.onPendingTx([pending()]);
  expect(alice.asked).toHaveLength(0);
  alice.attester.onPendingTx([pending({ lane: "inline" })]);
  await until(() => alice.asked.length === 1);
});

test("speculation that had to make way is begun again for the job", async () => {
  const chain = createChain();
  const alice = await start("alice", ({ priority }) =>
    priority === "low" ? { kind: "absent", reason: "made way" } : ok(7),
  );
  alice.attester.onCommit(chain.store);
  alice.attester.onPendingTx([pending()]);
  chain.request();
  alice.attester.onCommit(chain.store);
  await until(() => alice.commitments.length > 0);
  expect(alice.asked.map(({ priority }) => priority)).toEqual(["low", "high"]);
});

test("no run for what can't be paid for, is malformed, or is no request", async () => {
  const chain = createChain();
  const alice = await start("alice", () => ok(7));
  alice.attester.onCommit(chain.store);
  alice.attester.onPendingTx([
    pending({ maxFee: { denom: SPEC.denom, amount: "5" } }),
    pending({ maxFee: { denom: SPEC.denom, amount: "100000000000000" } }),
    pending({ maxFee: undefined }),
    pending({ requester: accountOf("pauper") }),
    pending({ requester: "nobody" }),
    pending({ model: "mnist" }),
    pending({ inputs: Uint8Array.of(1) }),
    pending({ inputs: Tensors.serialize([tensor(1)]) }),
    pending({ inputs: new Uint8Array(100_000) }),
    { typeUrl: MsgRequestInference.typeUrl, value: Uint8Array.of(0x0a, 99) },
    { typeUrl: "/cosmos.bank.v1beta1.MsgSend", value: Uint8Array.of(1) },
  ]);
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(alice.asked).toEqual([]);
  expect(errors).toEqual([]);
});

test("at most so many runs at once, speculative ones fewer", async () => {
  const chain = createChain({ params: { "inference.maxJobsPerBlock": 64n } });
  const busy = ({ signal }: RunRequest) =>
    new Promise<EngineResult>((resolve) => {
      signal?.addEventListener("abort", () => resolve({ kind: "absent", reason: "cancelled" }));
    });
  const alice = await start("alice", busy);
  alice.attester.onCommit(chain.store);
  const inputs = (i: number) => ({ inputs: Tensors.serialize([tensor(i, i)]) });
  alice.attester.onPendingTx(Array.from({ length: 20 }, (_, i) => pending(inputs(i))));
  await until(() => alice.asked.length === 8);
  chain.block({
    run() {
      for (let i = 100; i < 140; i++) chain.send.request(inputs(i));
    },
  });
  alice.attester.onCommit(chain.store);
  await until(() => alice.asked.length === 8 + 32);
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(alice.asked).toHaveLength(8 + 32);
});

test("nothing is computed for requests that a long queue is before, but for those whose block would wait", async () => {
  const chain = createChain();
  const alice = await start("alice", () => ok(7));
  const wait = async (from: number, count: number, change: Parameters<typeof pending>[0] = {}) => {
    for (let i = from; i < from + count; i++) {
      alice.attester.onPendingTx([pending({ inputs: Tensors.serialize([tensor(i, i)]), ...change })]);
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  };
  alice.attester.onCommit(chain.store);
  await wait(0, 70);
  expect(alice.asked).toHaveLength(64);
  await wait(100, 2, { lane: "inline" });
  expect(alice.asked).toHaveLength(66);
  // A block takes two of them: there is room for as many.
  chain.block({
    run() {
      for (const i of [0, 1]) chain.send.request({ inputs: Tensors.serialize([tensor(i, i)]) });
    },
  });
  alice.attester.onCommit(chain.store);
  await wait(200, 5);
  expect(alice.asked).toHaveLength(68);
  // Those that no block takes are given up.
  for (let i = 0; i < 8; i++) chain.block();
  alice.attester.onCommit(chain.store);
  await wait(300, 3);
  expect(alice.asked).toHaveLength(71);
});

test("a blob of inputs is found available by those that have it, and a run takes its inputs from it", async () => {
  const chain = createChain();
  const tensors = [tensor(5, 6)];
  const bytes = Tensors.serialize(tensors);
  const root = blobRoot(bytes);
  const has = (names: readonly string[]) => (name: string) => ({
    loadModel: (asked: Uint8Array, most = Number.MAX_SAFE_INTEGER) => {
      const found = toHex(asked) === toHex(root) ? bytes : new Uint8Array(1);
      return Promise.resolve(found.length <= most && names.includes(name) ? found : undefined);
    },
  });
  const owners = has(["alice", "bob", "carol"]);
  const nodes = await Promise.all(NAMES.map((name) => start(name, () => ok(7), owners(name))));
  const ids: Uint8Array[] = [];
  const message = MsgRegisterBlob.fromPartial({
    owner: accountOf("user"),
    blobRoot: root,
    blobBytes: BigInt(bytes.length),
    inputsRoot: Tensors.hashTreeRoot(tensors),
    tensors: [{ dtype: "float32", shape: [1n, 2n] }],
    blocks: 100n,
    maxDeposit: { denom: SPEC.denom, amount: "100" },
  });
  chain.block({ run: () => void ids.push(chain.send.registerBlob(message).jobId) });
  const [check = new Uint8Array(0)] = ids;
  for (const { attester } of nodes) attester.onCommit(chain.store);
  await until(() => nodes.filter(({ commitments }) => commitments.length > 0).length === 3);
  // Who does not have it is absent: the window has to pass.
  for (let i = 0; i < 40 && chain.job(check).status !== JOB_STATUS.final; i++) blockOf(chain, nodes);
  expect(chain.job(check)).toMatchObject({ status: JOB_STATUS.final, committedCount: 3 });
  expect(inputBlobs.get(chain.store, root)?.status).toBe(BLOB_STATUS.active);

  const [jobId] = chain.request(1, { inputs: new Uint8Array(0), inputsBlob: root }) as [Uint8Array];
  for (const { attester } of nodes) attester.onCommit(chain.store);
  await until(() => nodes.filter(({ asked }) => asked.length > 0).length === 3);
  expect(nodes[0]?.asked[0]?.inputs).toEqual(tensors);
  expect(nodes[3]?.asked).toEqual([]);
  await until(() => nodes.filter(({ commitments }) => commitments.length > 1).length === 3);
  for (let i = 0; i < 40 && chain.job(jobId).status !== JOB_STATUS.final; i++) blockOf(chain, nodes);
  expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.final, outputRoot: outputOf(7).root });
  expect(errors).toEqual([]);
});

test("bytes that are not what their registration says are attested to be that, and nothing else", async () => {
  const tensors = [tensor(5, 6)];
  const bytes = Tensors.serialize(tensors);
  const declared = {
    blobBytes: bytes.length,
    inputsRoot: Tensors.hashTreeRoot(tensors),
    tensors: [{ dtype: 1, shape: [1, 2] }],
  };
  const jobId = new Uint8Array(32).fill(1);
  const root = new Uint8Array(32).fill(2);
  const verdict = (change: object) =>
    checkCustodyAside({ check: { jobId, blobRoot: root, declared: { ...declared, ...change } }, bytes });
  expect(await verdict({})).toEqual({ output: custodyOutput(jobId, bytes) });
  expect(await verdict({ inputsRoot: root })).toEqual({ problem: "another inputs root" });
  // In a thread of its own the same.
  const large = [{ dtype: 2, shape: [300_000], data: new Uint8Array(300_000).fill(3) }];
  const many = Tensors.serialize(large);
  const check = {
    jobId,
    blobRoot: root,
    declared: {
      blobBytes: many.length,
      inputsRoot: Tensors.hashTreeRoot(large),
      tensors: [{ dtype: 2, shape: [300_000] }],
    },
  };
  expect(await checkCustodyAside({ check, bytes: many })).toEqual({ output: custodyOutput(jobId, many) });
});
