import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { COMMANDS } from "../../node/cli/commands.ts";
import { dispatch } from "../../node/cli/dispatch.ts";
import { encodeGraph, model } from "../engine/onnx-builder.ts";
import { temporaryFolder } from "../node/temporary-folder.ts";
import { useNetwork } from "../scenarios/network.ts";

/** What becomes of a model after its registration, and inputs that no transaction holds, by `assay` against real processes. */

const network = useNetwork({ offset: 10_300, params: { "consensus.emptyBlockInterval": 250n } });

interface Outcome {
  readonly code: number;
  readonly text: string;
}

async function attempt(...args: readonly string[]): Promise<Outcome> {
  const lines: string[] = [];
  const write = (text: string) => void lines.push(text);
  const code = await dispatch(COMMANDS, args, { out: write, err: write }).catch((error: unknown) => {
    write(error instanceof Error ? error.message : String(error));
    return 1;
  });
  return { code, text: lines.join("\n") };
}

/** Expects success. @returns what was written. */
async function assay(...args: readonly string[]): Promise<string> {
  const { code, text } = await attempt(...args, "--node", network.rpc(0));
  if (code !== 0) throw new Error(`assay ${args.join(" ")}: ${text}`);
  return text;
}

/** Expects a refusal. @returns what it says. */
async function refusal(...args: readonly string[]): Promise<string> {
  const { code, text } = await attempt(...args, "--node", network.rpc(0));
  expect([args, code]).toEqual([args, 1]);
  return text;
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
  await assay("model", "register", greatestOf(4), "--name", "greatest", "--inputs-out", inputs, "--yes");
  const ofSecond = ["--inputs-out", inFolder("second.json")];
  await assay("model", "register", greatestOf(5), "--name", "greatest", "--model-version", "2", "--yes", ...ofSecond);
  const versions = JSON.parse(await assay("model", "versions", "greatest", "--json")) as readonly {
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
  expect(await assay("infer", first, "--inputs", inputs)).toMatch(/FINAL/);
  expect(await assay("model", "deprecate", first, "--successor", `${owner}/greatest@2`)).toMatch(/^deprecated /);
  expect(await refusal("infer", first, "--inputs", inputs)).toMatch(/deprecated|successor/);

  const { address } = await network.client(1);
  const second = `${owner}/greatest@2`;
  expect(await assay("model", "transfer", second, address)).toMatch(/^offered /);
  expect(await refusal("model", "accept", second, "--from", "dev2")).not.toBe("");
  expect(await assay("model", "accept", second, "--from", "dev1")).toContain(`it is ${address}'s`);
  expect(await refusal("model", "deprecate", `${address}/greatest@2`)).not.toBe("");
  expect(await assay("model", "deprecate", `${address}/greatest@2`, "--from", "dev1")).toMatch(
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
    const result = JSON.parse(await assay("infer", "large", "--inputs", inputs, "--json")) as Result;
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
