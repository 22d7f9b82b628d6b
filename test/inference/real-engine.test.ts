import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { blobRoot } from "../../chain/blob-root.ts";
import { toHex, utf8 } from "../../chain/bytes.ts";
import type { Commitment } from "../../chain/types/attestation.ts";
import { selectForBlock } from "../../modules/inference/selection.ts";
import { JOB_STATUS, jobOutputs } from "../../modules/inference/store.ts";
import { DTYPES, Tensors } from "../../modules/inference/tensors.ts";
import { openAttestationStore } from "../../node/attester/attestation-store.ts";
import { createAttester } from "../../node/attester/attester.ts";
import { steadyClock } from "../../node/clock.ts";
import { createEngine } from "../../node/engine/engine.ts";
import { createLog } from "../../node/log.ts";
import { attestationSigner } from "../../node/signer/attestation-signer.ts";
import type { RevealMessage } from "../../node/wire.ts";
import { SPEC, validatorKeys } from "../modules/network.ts";
import { createChain, manifestOf } from "./harness.ts";

const MODEL = new Uint8Array(readFileSync(new URL("../../genesis/models/cnn_digits.onnx", import.meta.url)));

test("a real model: two validators that run it agree, and its answer is in the chain", async () => {
  const folder = mkdtempSync(join(tmpdir(), "assay-real-engine-"));
  const engine = createEngine();
  const tensor = (name: string, ...shape: number[]) => ({ name: utf8(name), dtype: DTYPES.float32.code, shape });
  const manifest = manifestOf("digits", {
    engineId: engine.id,
    inputs: [tensor("x", 1, 1, 8, 8)],
    outputs: [tensor("logits", 1, 10), tensor("prob", 1, 10)],
    modelRoot: blobRoot(MODEL),
    modelBytes: MODEL.length,
  });
  const names = ["alice", "bob"];
  const chain = createChain({
    models: [manifest],
    validators: { alice: 10n, bob: 10n },
    params: { "inference.commitWindow": 50n },
  });
  const commitments: Commitment[] = [];
  const reveals: RevealMessage[] = [];
  const attesters = await Promise.all(
    names.map(async (name) => {
      const store = await openAttestationStore({ path: join(folder, name), keepBlocks: 1000 });
      return createAttester({
        engine,
        signer: attestationSigner(validatorKeys(name).vote, SPEC.genesisRoot, store),
        spec: SPEC,
        store,
        loadModel: () => Promise.resolve(MODEL),
        onRun: () => undefined,
        clock: steadyClock,
        publishCommitment: (commitment) => void commitments.push(commitment),
        publishReveal: (message) => void reveals.push(message),
        log: createLog({ level: "error", name: "test" }),
      });
    }),
  );
  const data = new Uint8Array(Float32Array.from({ length: 64 }, (_, i) => (i % 8 === 3 || i % 8 === 4 ? 1 : 0)).buffer);
  const inputs = Tensors.serialize([{ dtype: DTYPES.float32.code, shape: [1, 1, 8, 8], data }]);
  const [jobId] = chain.request(1, { inputs }) as [Uint8Array];
  try {
    for (const attester of attesters) attester.onCommit(chain.store);
    await vi.waitUntil(() => new Set(commitments.map((each) => toHex(each.data.validator))).size === 2, {
      timeout: 20_000,
    });
    for (let i = 0; i < 2; i++) {
      const outputs = new Map(reveals.map(({ output, reveal }) => [toHex(reveal.outputRoot), output]));
      const selected = selectForBlock(chain.view(), {
        commitments,
        reveals: reveals.map(({ reveal }) => reveal),
        duplicateAttestations: [],
        output: (root) => outputs.get(toHex(root)),
      });
      chain.block(selected);
      for (const attester of attesters) attester.onCommit(chain.store);
    }
    expect(chain.job(jobId).status).toBe(JOB_STATUS.final);
    const [, prob] = Tensors.deserialize(jobOutputs.get(chain.store, jobId) ?? new Uint8Array(0));
    const values = new Float32Array(Uint8Array.from(prob?.data ?? []).buffer);
    expect(values).toHaveLength(10);
    expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
  } finally {
    for (const attester of attesters) await attester.close();
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
