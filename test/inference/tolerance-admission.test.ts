import { expect, test } from "vitest";
import { equalBytes } from "../../chain/bytes.ts";
import { MODEL_CLASS } from "../../modules/inference/classes.ts";
import { readOpenJobs } from "../../modules/inference/jobs.ts";
import { committees, JOB_STATUS, MODEL_STATUS, type ModelRecord, models } from "../../modules/inference/store.ts";
import { Tensors } from "../../modules/inference/tensors.ts";
import { MsgRegisterModel } from "../../proto/inference.ts";
import { accountOf, addressOf, SPEC } from "../modules/network.ts";
import { type Chain, createChain, FOUR, jobOutput, manifestOf, tensor, values } from "./harness.ts";

const NAMES = Object.keys(FOUR);
const NEW = manifestOf("mnist");
const DEPOSIT = 1_010_000n;
const PARAMS = {
  "inference.executorWindow": 2n,
  "inference.executorTurns": 2n,
  "inference.admissionWindow": 4n,
  "inference.generatedProbes": 1n,
  "inference.depositReturnShare": 800_000n,
};

/** Registers a model of the class tolerance with one probe. */
function register(chain: Chain): void {
  const spec = { dtype: "float32", shape: [1n, 2n] };
  const message = MsgRegisterModel.fromPartial({
    owner: accountOf("owner"),
    name: "mnist",
    version: "1.0.0",
    class: "tolerance",
    relativeTolerance: 1000n,
    engineId: NEW.engineId,
    inputs: [{ name: "x", ...spec }],
    outputs: [{ name: "y", ...spec }],
    opset: 17,
    modelRoot: NEW.modelRoot,
    modelBytes: 1000n,
    fee: "10000",
    licence: "MIT",
    probes: [Tensors.serialize([tensor(1, 2)])],
    maxDeposit: { denom: SPEC.denom, amount: "2000000" },
  });
  chain.block({ run: () => void chain.send.register(message) });
}

/** A block of the next proposer, in which executors publish this output, and others attest what is published. @returns its events */
function step(chain: Chain, output: number | undefined) {
  const reveals: ReturnType<Chain["reveal"]>[] = [];
  const outputs: ReturnType<typeof jobOutput>[] = [];
  for (const { jobId, job } of output === undefined ? [] : readOpenJobs(chain.store)) {
    const set = committees.get(chain.store, job.committeeRoot) ?? [];
    const operator = set[job.executors.at(-1) ?? -1]?.operator;
    const isExecutor = (name: string) => operator !== undefined && equalBytes(addressOf(name), operator);
    if (job.status === JOB_STATUS.executing) {
      reveals.push(...NAMES.filter(isExecutor).map((name) => chain.reveal(name, jobId, output ?? 0)));
      outputs.push(jobOutput(jobId, output ?? 0));
    } else if (job.status === JOB_STATUS.revealing) {
      reveals.push(...NAMES.filter((name) => !isExecutor(name)).map((name) => chain.reveal(name, jobId, output ?? 0)));
    }
  }
  return chain.block({ proposer: NAMES[chain.height % NAMES.length] ?? "", reveals, outputs });
}

function modelOf(chain: Chain): ModelRecord {
  const model = models.get(chain.store, NEW.modelRoot);
  if (model === undefined) throw new Error("no model");
  return model;
}

/** Blocks until the admission has ended. @returns their events */
function admit(chain: Chain, output: number | undefined) {
  const events = [...step(chain, output)];
  for (let block = 0; block < 60 && modelOf(chain).status === MODEL_STATUS.registered; block++) {
    events.push(...step(chain, output));
  }
  expect(chain.violations()).toEqual([]);
  return events;
}

test("a model of the class is admitted on outputs that its committee is within the bound of; what a run costs follows its size", () => {
  const chain = createChain({ params: PARAMS });
  register(chain);
  const before = modelOf(chain).costUnits;
  const events = admit(chain, 1);
  expect(modelOf(chain)).toMatchObject({
    status: MODEL_STATUS.active,
    costUnits: before,
    manifest: { class: MODEL_CLASS.tolerance, relativeTolerance: 1000 },
  });
  // The owner's probe, and one that was generated.
  expect(values(events, "inference_final", "job_id")).toHaveLength(2);
});

test("where executors keep silent nothing is said of the model: most of the deposit returns, and it can be registered anew", () => {
  const chain = createChain({ params: PARAMS });
  const before = chain.balance("owner");
  register(chain);
  const fees = before - chain.balance("owner") - DEPOSIT;
  const events = admit(chain, undefined);
  expect(modelOf(chain)).toMatchObject({ status: MODEL_STATUS.failed, deposit: 0n });
  expect(values(events, "model_failed", "reason")[0]).toMatch(/^a probe failed: no executor published an output/);
  expect(chain.balance("owner")).toBe(before - fees - DEPOSIT / 5n);
  register(chain);
  expect(modelOf(chain).status).toBe(MODEL_STATUS.registered);
});

test("where the engine's error on the owner's probe is attested, the deposit burns", () => {
  const chain = createChain({ params: PARAMS });
  const before = chain.balance("owner");
  register(chain);
  admit(chain, 0);
  expect(modelOf(chain)).toMatchObject({ status: MODEL_STATUS.failed, deposit: 0n });
  expect(chain.balance("owner")).toBeLessThanOrEqual(before - DEPOSIT);
});
