import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { utf8 } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import type { Commitment } from "../../chain/types/attestation.ts";
import { NOTES } from "../../modules/inference/admission-notes.ts";
import { checkCommitment } from "../../modules/inference/selection.ts";
import { Tensors } from "../../modules/inference/tensors.ts";
import { bucketOf } from "../../modules/inference/time-buckets.ts";
import { mayNote, noteOf } from "../../node/attester/admission-note.ts";
import { openAttestationStore } from "../../node/attester/attestation-store.ts";
import { type Attester, createAttester } from "../../node/attester/attester.ts";
import { steadyClock } from "../../node/clock.ts";
import type { EngineResult, RunRequest } from "../../node/engine/engine.ts";
import type { Logger } from "../../node/log.ts";
import { attestationSigner } from "../../node/signer/attestation-signer.ts";
import { MsgRegisterModel } from "../../proto/inference.ts";
import { accountOf, SPEC, validatorKeys } from "../modules/network.ts";
import { type Chain, createChain, manifestOf, tensor } from "./harness.ts";

let folder: string;
let attester: Attester | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "assay-admission-"));
});
afterEach(async () => {
  await attester?.close();
  rmSync(folder, { recursive: true, force: true });
});

const silent = () => undefined;
const log: Logger = { debug: silent, info: silent, warn: silent, error: silent, child: () => log };
const ENGINE_ID = manifestOf("mnist").engineId;

async function alice(engineId: Uint8Array, answer: (request: RunRequest) => EngineResult) {
  const said: Commitment[] = [];
  const store = await openAttestationStore({ path: join(folder, "alice"), keepBlocks: 1000 });
  attester = createAttester({
    engine: { id: engineId, run: (request) => Promise.resolve(answer(request)) },
    signer: attestationSigner(validatorKeys("alice").vote, SPEC.genesisRoot, store),
    spec: SPEC,
    store,
    loadModel: () => Promise.resolve(new Uint8Array(1)),
    onRun: silent,
    clock: steadyClock,
    publishCommitment: (commitment) => void said.push(commitment),
    publishReveal: silent,
    log,
  });
  return { attester, said };
}

function registered(): Chain {
  const chain = createChain();
  const spec = (name: string) => ({ name, dtype: "float32", shape: [1n, 2n] });
  const message = MsgRegisterModel.fromPartial({
    owner: accountOf("owner"),
    name: "mnist",
    version: "1",
    engineId: ENGINE_ID,
    inputs: [spec("x")],
    outputs: [spec("y")],
    opset: 17,
    modelRoot: manifestOf("mnist").modelRoot,
    modelBytes: 1000n,
    probes: [Tensors.serialize([tensor(1, 2)])],
    maxDeposit: { denom: SPEC.denom, amount: "2000000" },
  });
  chain.block({ run: () => chain.send.register(message) });
  return chain;
}

/** Blocks until something has been said. */
async function untilSaid(chain: Chain, node: Awaited<ReturnType<typeof alice>>): Promise<Commitment> {
  for (let block = 0; block < 10; block++) {
    node.attester.onCommit(chain.store);
    const found = await vi.waitUntil(() => node.said.at(-1), { timeout: 60, interval: 2 }).catch(() => undefined); // Nothing yet: another block.
    if (found !== undefined) return found;
    chain.block();
  }
  throw new Error("nothing was said");
}

test("a commitment to an admission says how long the run itself took", async () => {
  const chain = registered();
  const node = await alice(ENGINE_ID, (request) => {
    request.onTimed?.(100);
    return { kind: "ok", outputs: [tensor(1, 2)] };
  });
  const said = await untilSaid(chain, node);
  expect(said.data.entries.map(({ bucket }) => bucket)).toEqual([bucketOf(100)]);
  expect(said.data.notes).toEqual([]);
  expect(checkCommitment(chain.view(), said)).toBeUndefined();
});

test("one without the engine says so at once, and the chain takes it", async () => {
  const chain = registered();
  const node = await alice(sha256(utf8("another engine")), () => ({ kind: "absent", reason: "never asked" }));
  const said = await untilSaid(chain, node);
  expect(said.data).toMatchObject({ entries: [], notes: [{ code: NOTES.noEngine[0] }] });
  expect(checkCommitment(chain.view(), said)).toBeUndefined();
});

test("what may pass is tried three times before it is given as a reason, and then said once", async () => {
  const chain = registered();
  let runs = 0;
  const node = await alice(ENGINE_ID, () => {
    runs++;
    return { kind: "absent", reason: "no result within 10000 ms" };
  });
  const said = await untilSaid(chain, node);
  expect(runs).toBeGreaterThanOrEqual(3);
  expect(said.data.notes.map(({ code }) => code)).toEqual([NOTES.tooSlow[0]]);
  chain.block({ commitments: [said] });
  const before = node.said.length;
  node.attester.onCommit(chain.store);
  await new Promise((resolve) => setImmediate(resolve));
  expect(node.said).toHaveLength(before);
});

test("the engine's sentences are told apart", () => {
  const sentences = [
    ["the model can not be run on this chain: operator Loop", "refused"],
    ["the model's file imports operator set 18, its manifest declares 17", "refused"],
    ["a model with the operator NonZero can not run inline", "notInline"],
    ["no result within 10000 ms", "tooSlow"],
    ["memory: std::bad_alloc", "memory"],
    ["the model's bytes are not here", "noFile"],
    ["engine 00ff is not installed", "noEngine"],
    ["the engine process ended with signal SIGSEGV", "fault"],
  ] as const;
  for (const [sentence, note] of sentences) expect([sentence, noteOf(sentence)]).toEqual([sentence, note]);
  expect([mayNote("refused", 1, 30), mayNote("tooSlow", 1, 30), mayNote("tooSlow", 1, 2)]).toEqual([true, false, true]);
});
