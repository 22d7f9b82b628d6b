import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { uploadModel } from "../../client/upload-model.ts";
import { assay } from "../scenarios/command.ts";
import { useNetwork } from "../scenarios/network.ts";
import { eventually } from "../scenarios/wait.ts";

/** A model of one's own by one command, and a receipt by a second; uploads that are broken off. */

const network = useNetwork({ offset: 4500, params: { "consensus.emptyBlockInterval": 250n } });

const MODELS = join(import.meta.dirname, "../fixtures/models");
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "assay-upload-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const node = (i = 0): readonly string[] => ["--node", network.rpc(i)];
const inFolder = (name: string): string => join(folder, name);

interface Registered {
  readonly name: string;
  readonly root: string;
  readonly status: string;
  readonly txHash: string | null;
  readonly next: string;
}

async function register(file: string, name: string, ...more: readonly string[]): Promise<Registered> {
  const path = join(MODELS, file);
  const example = ["--inputs-out", inFolder(`${name}.input.json`)];
  return JSON.parse(
    await assay("model", "register", path, "--name", name, "--json", ...example, ...more),
  ) as Registered;
}

test("one command registers a model, the one that it prints gets a receipt, which verifies offline", async () => {
  const registered = await register("rf_cancer.onnx", "rf_cancer", ...node());
  expect(registered).toMatchObject({ name: "rf_cancer", status: "ACTIVE" });
  const words = registered.next.split(" ");
  expect(words.slice(0, 3)).toEqual(["npx", "assay", "infer"]);
  const text = await assay(...words.slice(2), "--json", ...node());
  const result = JSON.parse(text) as { status: string; receipt: { modelRoot: string; requestedHeight: number } };
  expect(result).toMatchObject({ status: "FINAL", receipt: { modelRoot: registered.root } });
  writeFileSync(inFolder("result.json"), text);
  const height = String(result.receipt.requestedHeight);
  writeFileSync(inFolder("set.json"), await assay("query", "validator-set", "--height", height, ...node(1)));
  expect(await assay("verify", inFolder("result.json"), "--trust", inFolder("set.json"))).toMatch(/^valid: /);

  // A second time it finds what it wants, and asks for nothing.
  expect(await register("rf_cancer.onnx", "rf_cancer", ...node(2))).toMatchObject({ status: "ACTIVE", txHash: null });
});

test("an upload that is broken off, at a node that is killed, goes on where it was", async () => {
  const bytes = new Uint8Array(readFileSync(join(MODELS, "transformer_enc.onnx")));
  const stop = new AbortController();
  const cut = uploadModel(network.rpc(0), bytes, {
    parallel: 1,
    signal: stop.signal,
    onProgress: ({ done }) => done > 0 && stop.abort(new Error("broken off")),
  });
  await expect(cut).rejects.toThrow("broken off");
  await network.kill(0, "SIGKILL");
  network.start(0);
  await eventually("node 0", async () => ((await network.height(0).catch(() => 0)) > 0 ? true : undefined));

  const progress: number[] = [];
  const root = await uploadModel(network.rpc(0), bytes, { onProgress: ({ resumed }) => progress.push(resumed) });
  expect(progress[0]).toBe(256 * 1024);
  const registered = await register("transformer_enc.onnx", "transformer_enc", ...node());
  expect(registered).toMatchObject({ status: "ACTIVE", root });
  // The bytes came to one node; all four have run them.
  const client = await network.client(1, 3);
  const { job } = await client.infer(
    "transformer_enc",
    JSON.parse(readFileSync(inFolder("transformer_enc.input.json"), "utf8")),
  );
  expect(job.members.map(({ revealed }) => revealed)).toEqual([true, true, true, true]);
});
