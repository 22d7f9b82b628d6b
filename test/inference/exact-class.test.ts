import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { blobRoot } from "../../chain/blob-root.ts";
import { toHex, utf8 } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import type { Commitment } from "../../chain/types/attestation.ts";
import { MODEL_CLASS } from "../../modules/inference/classes.ts";
import type { ModelManifest } from "../../modules/inference/manifest.ts";
import { DTYPES, Tensors } from "../../modules/inference/tensors.ts";
import { openAttestationStore } from "../../node/attester/attestation-store.ts";
import { type Attester, createAttester } from "../../node/attester/attester.ts";
import { steadyClock } from "../../node/clock.ts";
import { checkedEngine } from "../../node/engine/checked-engine.ts";
import type { Engine, EngineResult, RunRequest } from "../../node/engine/engine.ts";
import { canonicalEngineId, exactEngineId } from "../../node/engine/engine-id.ts";
import { checkModel } from "../../node/engine/onnx-check.ts";
import type { Logger } from "../../node/log.ts";
import { attestationSigner } from "../../node/signer/attestation-signer.ts";
import { MsgRegisterModel } from "../../proto/inference.ts";
import { QueryModelRequest, QueryModelResponse } from "../../proto/inference-query.ts";
import { accountOf, SPEC, validatorKeys } from "../modules/network.ts";
import { type Chain, createChain, INPUTS, manifestOf, tensor } from "./harness.ts";

let folder: string;
let attester: Attester | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "assay-exact-"));
});
afterEach(async () => {
  await attester?.close();
  attester = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const fixture = (name: string) =>
  new Uint8Array(readFileSync(join(import.meta.dirname, `../fixtures/models/${name}.onnx`)));
const IMAGE = Tensors.serialize([{ dtype: DTYPES.float32.code, shape: [1, 1, 8, 8], data: new Uint8Array(256) }]);

function manifestFor(model: Uint8Array, change: Partial<ModelManifest> = {}): ModelManifest {
  const check = checkModel(model);
  const declared = (name: string, shape: number[]) => ({ name: utf8(name), dtype: DTYPES.float32.code, shape });
  return manifestOf("digits", {
    class: MODEL_CLASS.exact,
    engineId: exactEngineId(),
    opset: check.ok ? check.opset : 0,
    inputs: [declared("x", [1, 1, 8, 8])],
    modelRoot: blobRoot(model),
    modelBytes: model.length,
    ...change,
  });
}

interface Node {
  readonly commitments: Commitment[];
  readonly reasons: string[];
  readonly asked: RunRequest[];
  readonly warnings: string[];
}

/** A validator whose engines, of these ids, give one output for whatever gets to them. */
async function attest(chain: Chain, model: Uint8Array, ids: readonly Uint8Array[]): Promise<Node> {
  const node: Node = { commitments: [], reasons: [], asked: [], warnings: [] };
  const log: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: (_, message) => void node.warnings.push(message),
    error: (_, message) => void node.warnings.push(message),
    child: () => log,
  };
  const engine: Pick<Engine, "id" | "ids" | "run"> = {
    id: canonicalEngineId(),
    ids,
    async run(request): Promise<EngineResult> {
      node.asked.push(request);
      await request.modelBytes();
      return { kind: "ok", outputs: [tensor(1, -1)] };
    },
  };
  const store = await openAttestationStore({ path: join(folder, "alice"), keepBlocks: 1000 });
  attester = createAttester({
    engine: checkedEngine(engine as Engine, (root) => chain.model(root)?.manifest),
    signer: attestationSigner(validatorKeys("alice").vote, SPEC.genesisRoot, store),
    spec: SPEC,
    store,
    loadModel: async () => model,
    onRun: (_, __, reason) => void node.reasons.push(reason),
    clock: steadyClock,
    publishCommitment: (commitment) => void node.commitments.push(commitment),
    publishReveal: () => undefined,
    log,
  });
  attester.onCommit(chain.store);
  return node;
}

const BOTH = [canonicalEngineId(), exactEngineId()];

test("a model that is proven exact is attested", async () => {
  const model = fixture("cnn_qop_u8u8");
  const chain = createChain({ models: [manifestFor(model)] });
  chain.request(1, { inputs: IMAGE });
  const node = await attest(chain, model, BOTH);
  await vi.waitUntil(() => node.commitments.length > 0);
  expect(node.asked.map(({ engineId }) => engineId && toHex(engineId))).toEqual([toHex(exactEngineId())]);
});

test("the trap that gives other bytes without VNNI is refused, and the log says why", async () => {
  const model = fixture("cnn_qop_u8s8");
  const chain = createChain({ models: [manifestFor(model)] });
  chain.request(1, { inputs: IMAGE });
  const node = await attest(chain, model, BOTH);
  await vi.waitUntil(() => node.reasons.length > 0);
  expect(node.reasons[0]).toMatch(/^the model is not proven exact: QLinearConv .*uint8 with int8 weights/);
  expect([node.asked, node.commitments]).toEqual([[], []]);
});

test("a node without the engine attests nothing, and says so", async () => {
  const model = fixture("cnn_qop_u8u8");
  const chain = createChain({ models: [manifestFor(model)] });
  chain.request(1, { inputs: IMAGE });
  const node = await attest(chain, model, [canonicalEngineId()]);
  await vi.waitUntil(() => node.warnings.length > 0);
  expect(node.warnings).toEqual(["a model's engine is not installed here: nothing is attested"]);
  expect([node.asked, node.commitments]).toEqual([[], []]);
});

test("a model registers in the class, which queries tell, and may ask for the inline lane", () => {
  const chain = createChain();
  const modelRoot = sha256(utf8("exact"));
  const tensorSpec = { dtype: "float32", shape: [1n, 2n] };
  chain.block({
    run() {
      chain.send.register(
        MsgRegisterModel.fromPartial({
          owner: accountOf("owner"),
          name: "exact",
          version: "1",
          class: "exact",
          engineId: exactEngineId(),
          inputs: [{ name: "x", ...tensorSpec }],
          outputs: [{ name: "y", ...tensorSpec }],
          opset: 17,
          modelRoot,
          modelBytes: 1000n,
          probes: [INPUTS],
          inline: true,
          maxDeposit: { denom: SPEC.denom, amount: "1000000000" },
        }),
      );
    },
  });
  expect(chain.model(modelRoot)?.manifest).toMatchObject({ class: MODEL_CLASS.exact, inline: true });
  const answer = chain.query("Model", QueryModelRequest.encode({ model: "exact" }).finish());
  expect(QueryModelResponse.decode(answer).model).toMatchObject({ class: "exact" });
});
