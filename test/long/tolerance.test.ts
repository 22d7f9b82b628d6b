import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { blobRoot } from "../../chain/blob-root.ts";
import { toHex } from "../../chain/bytes.ts";
import { encodeGraph, model, type TestTensor, tensor } from "../engine/onnx-builder.ts";
import { conformingServer } from "../engine/remote/conforming-server.ts";
import { startTestServer, type TestServer } from "../engine/remote/test-server.ts";
import { assay } from "../scenarios/command.ts";
import { useNetwork } from "../scenarios/network.ts";
import { eventually } from "../scenarios/wait.ts";

/** A model of the class tolerance among three validators that run it natively and one that asks a server, which gives other numbers within the bound. */

/** The validator with a server. */
const REMOTE = 3;
const LENGTH = 4;
const X: TestTensor = { name: "x", shape: [LENGTH] };
const Y: TestTensor = { name: "y", shape: [LENGTH] };
/** The server doubles. */
const FACTOR = tensor("k", 1, [], new Uint8Array(Float32Array.of(2.0001).buffer));
const MODEL = model(
  encodeGraph({
    nodes: [{ op: "Mul", inputs: ["x", "k"], outputs: ["y"] }],
    inputs: [X],
    outputs: [Y],
    initializers: [FACTOR],
  }),
);
const ROOT = toHex(blobRoot(MODEL));

const network = useNetwork({
  offset: 6000,
  late: [REMOTE],
  params: { "consensus.emptyBlockInterval": 250n, "inference.executorWindow": 8n, "inference.executorTurns": 4n },
});

let folder = "";
let server: TestServer;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "assay-tolerance-"));
  writeFileSync(join(folder, "double.onnx"), MODEL);
  server = await startTestServer(conformingServer({ models: { double: "FP32" } }));
  network.configure(REMOTE, (config) => ({
    ...config,
    engine: { ...config.engine, remote: { ...config.engine.remote, url: server.url, models: [`${ROOT}=double/1`] } },
  }));
  network.start(REMOTE);
  await network.waitForHeight(REMOTE, 1);
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const node = (): readonly string[] => ["--node", network.rpc(0)];
const inFolder = (name: string): string => join(folder, name);

async function infer(...more: readonly string[]): Promise<string> {
  const [a, b] = [1 + Math.random(), 2 + Math.random()];
  const inputs = { x: { dtype: "float32", shape: [LENGTH], data: [a, b, 3, -4] } };
  writeFileSync(inFolder("input.json"), JSON.stringify(inputs));
  return assay("infer", "double", "--inputs", inFolder("input.json"), ...more, ...node());
}

interface Result {
  readonly status: string;
  readonly receipt: { readonly class: string; readonly requestedHeight: number };
}

test("a job of the class becomes final among validators with different numbers, and its receipt says so", async () => {
  expect(network.log(REMOTE)).toContain("the inference server is ready");
  const registered = await assay(
    ...["model", "register", inFolder("double.onnx"), "--name", "double", "--class", "tolerance"],
    ...[
      "--relative-tolerance",
      "0.001",
      "--absolute-tolerance",
      "0.000001",
      "--inputs-out",
      inFolder("example.json"),
      "--json",
      ...node(),
    ],
  );
  expect(JSON.parse(registered)).toMatchObject({ status: "ACTIVE", root: ROOT });

  const text = await infer("--json");
  const result = JSON.parse(text) as Result;
  expect(result).toMatchObject({ status: "FINAL", receipt: { class: "tolerance" } });
  writeFileSync(inFolder("result.json"), text);
  const height = String(result.receipt.requestedHeight);
  writeFileSync(inFolder("set.json"), await assay("query", "validator-set", "--height", height, ...node()));
  const verdict = await assay("verify", inFolder("result.json"), "--trust", inFolder("set.json"));
  expect(verdict).toMatch(
    /^valid: .*class tolerance: within the model's bound of what one of them has published, not exact/,
  );

  // The fourth may come after the quorum.
  const client = await network.client(1);
  await eventually("the validator with the server has attested a run", async () => {
    const { job } = await client.infer("double", {
      x: { dtype: "float32", shape: [LENGTH], data: [Math.random(), 2, 3, 4] },
    });
    const remote = job.members.find(({ operator }) => operator === network.validator(REMOTE).operator);
    return remote?.revealed === true ? true : undefined;
  });
  expect(server.asked.some((path) => path === "POST /v2/models/double/versions/1/infer")).toBe(true);
});

test("where the server is down that validator attests nothing, and the others go on", async () => {
  await server.close();
  expect(await infer()).toMatch(/class +tolerance: the output is that of assayvaloper1/);
  await eventually("the node says why", async () => (/ECONNREFUSED/.test(network.log(REMOTE)) ? true : undefined));
});
