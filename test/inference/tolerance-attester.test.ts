import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { equalBytes, toHex } from "../../chain/bytes.ts";
import { MODEL_CLASS } from "../../modules/inference/classes.ts";
import { selectForBlock } from "../../modules/inference/selection.ts";
import { committees, JOB_STATUS, reveals as revealRecords } from "../../modules/inference/store.ts";
import { Tensors } from "../../modules/inference/tensors.ts";
import { openAttestationStore } from "../../node/attester/attestation-store.ts";
import { type Attester, createAttester } from "../../node/attester/attester.ts";
import { steadyClock } from "../../node/clock.ts";
import type { EngineResult } from "../../node/engine/engine.ts";
import type { Logger } from "../../node/log.ts";
import { attestationSigner } from "../../node/signer/attestation-signer.ts";
import type { RevealMessage } from "../../node/wire.ts";
import { addressOf, SPEC, validatorKeys } from "../modules/network.ts";
import { type Chain, createChain, FOUR, manifestOf, tensor } from "./harness.ts";

const NAMES = Object.keys(FOUR);
/** Up to 0.01 apart. */
const TOLERANT = manifestOf("digits", { class: MODEL_CLASS.tolerance, absoluteTolerance: 10_000_000 });

interface Node {
  readonly name: string;
  readonly attester: Attester;
  readonly reveals: RevealMessage[];
  readonly told: string[];
  runs: number;
}

let folder: string;
let nodes: Node[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "assay-tolerance-"));
});
afterEach(async () => {
  for (const { attester } of nodes) await attester.close();
  nodes = [];
  rmSync(folder, { recursive: true, force: true });
});

/** A validator whose engine gives this number, or nothing. */
async function start(name: string, number: number | undefined): Promise<Node> {
  const reveals: RevealMessage[] = [];
  const told: string[] = [];
  const log: Logger = {
    debug: () => undefined,
    info: (_, message) => void told.push(message),
    warn: (_, message) => void told.push(message),
    error: ({ err }, message) => void told.push(`error: ${message} ${String(err)}`),
    child: () => log,
  };
  const store = await openAttestationStore({ path: join(folder, name), keepBlocks: 1000 });
  const answer: EngineResult =
    number === undefined
      ? { kind: "absent", reason: "the server fails" }
      : { kind: "ok", outputs: [tensor(number, -number)] };
  const attester = createAttester({
    engine: {
      id: TOLERANT.engineId,
      async run() {
        node.runs++;
        return answer;
      },
    },
    signer: attestationSigner(validatorKeys(name).vote, SPEC.genesisRoot, store),
    spec: SPEC,
    store,
    loadModel: async () => new Uint8Array(1),
    onRun: () => undefined,
    clock: steadyClock,
    publishCommitment: () => told.push("commitment"),
    publishReveal: (message) => void reveals.push(message),
    log,
  });
  const node: Node = { name, attester, reveals, told, runs: 0 };
  nodes.push(node);
  return node;
}

/** A block of what all have said, after which they hear of it. */
function step(chain: Chain): void {
  const outputs = new Map(
    nodes.flatMap(({ reveals }) =>
      reveals
        .filter(({ output }) => output.length > 0)
        .map(({ output, reveal }) => [toHex(reveal.outputRoot), output] as const),
    ),
  );
  const selected = selectForBlock(chain.view(), {
    commitments: [],
    reveals: nodes.flatMap(({ reveals }) => reveals.map(({ reveal }) => reveal)),
    duplicateAttestations: [],
    output: (root) => outputs.get(toHex(root)),
  });
  chain.block({ ...selected, proposer: NAMES[chain.height % NAMES.length] ?? "" });
  for (const { attester } of nodes) attester.onCommit(chain.store);
}

function executor(chain: Chain, jobId: Uint8Array): string {
  const { executors, committeeRoot } = chain.job(jobId);
  const operator = committees.get(chain.store, committeeRoot)?.[executors.at(-1) ?? -1]?.operator;
  return NAMES.find((name) => operator !== undefined && equalBytes(addressOf(name), operator)) ?? "";
}

/** Blocks, with time in between, until the job is as wanted. */
async function until(chain: Chain, jobId: Uint8Array, status: number): Promise<void> {
  for (let block = 0; block < 40 && chain.job(jobId).status !== status; block++) {
    step(chain);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  expect(chain.job(jobId).status).toBe(status);
}

const rootOf = (number: number) => Tensors.hashTreeRoot([tensor(number, -number)]);

test("members attest the executor's output where theirs is within the bound of it", async () => {
  const numbers: Readonly<Record<string, number>> = { alice: 1, bob: 1.004, carol: 0.996, dave: 1.002 };
  const chain = createChain({ models: [TOLERANT] });
  for (const name of NAMES) await start(name, numbers[name]);
  const [jobId] = chain.request() as [Uint8Array];
  for (const { attester } of nodes) attester.onCommit(chain.store);
  // Everyone has its output before anyone is drawn.
  await vi.waitUntil(() => nodes.every(({ runs }) => runs === 1));
  expect(nodes.flatMap(({ reveals }) => reveals)).toEqual([]);
  await until(chain, jobId, JOB_STATUS.final);
  const name = executor(chain, jobId);
  expect(chain.job(jobId).outputRoot).toEqual(rootOf(numbers[name] ?? 0));
  for (const node of nodes) {
    expect(node.runs).toBe(1);
    expect(node.reveals.every(({ output }) => output.length > 0 === (node.name === name))).toBe(true);
    expect(node.told).toEqual([]);
  }
});

test("who is outside signs nothing and says why; garbage makes way for what others can attest", async () => {
  const chain = createChain({ models: [TOLERANT], params: { "inference.executorWindow": 3n } });
  for (const name of NAMES) await start(name, name === "dave" ? 5 : 1);
  // Until the one who is far off is drawn first.
  let jobId = new Uint8Array(0) as Uint8Array;
  for (let tries = 0; tries < 20; tries++) {
    [jobId] = chain.request() as [Uint8Array];
    await until(chain, jobId, JOB_STATUS.executing);
    if (executor(chain, jobId) === "dave") break;
    await until(chain, jobId, JOB_STATUS.final);
  }
  expect(executor(chain, jobId)).toBe("dave");
  await until(chain, jobId, JOB_STATUS.revealing);
  expect(chain.job(jobId).outputRoot).toEqual(rootOf(5));
  await until(chain, jobId, JOB_STATUS.final);
  expect(executor(chain, jobId)).not.toBe("dave");
  expect(chain.job(jobId).outputRoot).toEqual(rootOf(1));
  const honest = nodes.filter(({ name }) => name !== "dave");
  for (const { told } of honest) expect(told).toContain("an executor's output is not within the model's bound");
  expect(revealRecords.get(chain.store, [jobId, addressOf("dave")])?.outputRoot).toEqual(rootOf(5));
  expect(nodes.flatMap(({ told }) => told).filter((text) => text.startsWith("error"))).toEqual([]);
});

test("a member whose server fails signs nothing, and another executor takes its turn", async () => {
  const chain = createChain({
    models: [TOLERANT],
    params: { "inference.executorWindow": 2n, "inference.executorTurns": 4n },
  });
  for (const name of NAMES) await start(name, name === "dave" ? undefined : 1);
  const [jobId] = chain.request() as [Uint8Array];
  for (const { attester } of nodes) attester.onCommit(chain.store);
  await until(chain, jobId, JOB_STATUS.final);
  expect(nodes.find(({ name }) => name === "dave")?.reveals).toEqual([]);
  expect(chain.violations()).toEqual([]);
});
