import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { encodeGraph, model } from "../engine/onnx-builder.ts";
import { temporaryFolder } from "../node/temporary-folder.ts";
import { assay, attempt } from "../scenarios/command.ts";
import { useNetwork } from "../scenarios/network.ts";

/** What becomes of a model after its registration, and inputs that no transaction holds, by `assay` against real processes. */

const network = useNetwork({ offset: 10_300, params: { "consensus.emptyBlockInterval": 250n } });

const node = (): readonly string[] => ["--node", network.rpc(0)];

/** Expects a refusal. @returns what it says. */
async function refusal(...args: readonly string[]): Promise<string> {
  const { code, err } = await attempt(...args, ...node());
  expect([args, code]).toEqual([args, 1]);
  return err;
}

let folder = "";
beforeEach(() => {
  folder = temporaryFolder();
});
const inFolder = (name: string): string => join(folder, name);

/** y = the greatest of so many floats. */
function greatestOf(count: number): string {
  const path = inFolder(`greatest-${count}.onnx`);
  const graph = encodeGraph({
    nodes: [{ op: "ReduceMax", inputs: ["x"], outputs: ["y"] }],
    inputs: [{ name: "x", shape: [1, count] }],
    outputs: [{ name: "y", shape: [1, 1] }],
  });
  writeFileSync(path, model(graph));
  return path;
}

test("a second version comes after the first, which gives way to it; an owner hands the model on", async () => {
  const inputs = inFolder("inputs.json");
  await assay("model", "register", greatestOf(4), "--name", "greatest", "--inputs-out", inputs, "--yes", ...node());
  const ofSecond = ["--inputs-out", inFolder("second.json")];
  await assay(
    "model",
    "register",
    greatestOf(5),
    "--name",
    "greatest",
    "--model-version",
    "2",
    "--yes",
    ...ofSecond,
    ...node(),
  );
  const versions = JSON.parse(await assay("model", "versions", "greatest", "--json", ...node())) as readonly {
    readonly owner: string;
    readonly version: string;
    readonly status: string;
  }[];
  expect(versions.map(({ version, status }) => [version, status])).toEqual([
    ["2", "ACTIVE"],
    ["1", "ACTIVE"],
  ]);

  const [{ owner } = { owner: "" }] = versions;
  const first = `${owner}/greatest@1`;
  expect(await assay("infer", first, "--inputs", inputs, ...node())).toMatch(/FINAL/);
  expect(await assay("model", "deprecate", first, "--successor", `${owner}/greatest@2`, ...node())).toMatch(
    /^deprecated /,
  );
  expect(await refusal("infer", first, "--inputs", inputs)).toMatch(/deprecated|successor/);

  const { address } = await network.client(1);
  const second = `${owner}/greatest@2`;
  expect(await assay("model", "transfer", second, address, ...node())).toMatch(/^offered /);
  expect(await refusal("model", "accept", second, "--from", "dev2")).not.toBe("");
  expect(await assay("model", "accept", second, "--from", "dev1", ...node())).toContain(`it is ${address}'s`);
  expect(await refusal("model", "deprecate", `${address}/greatest@2`)).not.toBe("");
  expect(await assay("model", "deprecate", `${address}/greatest@2`, "--from", "dev1", ...node())).toMatch(
    /takes no more requests/,
  );
});

test("inputs that no transaction holds go as a blob, which the same inputs find again", async () => {
  const COUNT = 40_000;
  await assay(
    "model",
    "register",
    greatestOf(COUNT),
    "--name",
    "large",
    "--yes",
    "--inputs-out",
    inFolder("probe.json"),
    ...node(),
  );
  const inputs = inFolder("large.json");
  const data = Array.from({ length: COUNT }, (_, i) => (i === 12_345 ? 77 : i % 50));
  writeFileSync(inputs, JSON.stringify({ x: { dtype: "float32", shape: [1, COUNT], data } }));
  interface Result {
    readonly status: string;
    readonly outputs: readonly { readonly data: string }[];
    readonly receipt: { readonly modelRoot: string };
  }
  for (let i = 0; i < 2; i++) {
    const result = JSON.parse(await assay("infer", "large", "--inputs", inputs, "--json", ...node())) as Result;
    expect(result.status).toBe("FINAL");
    expect(Buffer.from(result.outputs[0]?.data ?? "", "base64").readFloatLE(0)).toBe(77);
    expect(result.receipt.modelRoot).toMatch(/^[0-9a-f]{64}$/);
  }
  writeFileSync(
    inputs,
    JSON.stringify({ x: { dtype: "float32", shape: [1, COUNT], data: data.map((value) => value + 1) } }),
  );
  expect(await refusal("infer", "large", "--inputs", inputs, "--max-rent", "1")).toMatch(/cost \d+ uassay, at most 1/);
});
