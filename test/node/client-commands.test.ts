import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { receiptToJson } from "../../modules/inference/receipt.ts";
import { Tensors } from "../../modules/inference/tensors.ts";
import { COMMANDS } from "../../node/cli/commands.ts";
import { dispatch } from "../../node/cli/dispatch.ts";
import { committeeOf, signedReceipt, trustedJson } from "../client/receipt-fixture.ts";
import { freePorts, runNode } from "./child.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const MAIN = join(import.meta.dirname, "../../node/cli/main.ts");
const MODELS = join(import.meta.dirname, "../../genesis/models");
const INPUTS = join(MODELS, "cnn_digits.input.json");
const GONE = "http://127.0.0.1:9";

interface Outcome {
  readonly code: number | string;
  readonly output: string;
}

/** A command line in this process: much cheaper than a process of its own, of which a few are tested at the end. */
async function assay(...args: string[]): Promise<Outcome> {
  const lines: string[] = [];
  const write = (text: string) => void lines.push(`${text}\n`);
  const code = await dispatch(COMMANDS, args, { out: write, err: write });
  return { code, output: lines.join("") };
}

async function assayProcess(...args: string[]): Promise<Outcome> {
  const child = runNode([MAIN, ...args]);
  return { code: await child.ended, output: child.output() };
}

/** Each command line must end with code 1 and this one line. */
async function expectRefused(cases: readonly (readonly [args: readonly string[], line: string | RegExp])[]) {
  const outcomes = await Promise.all(cases.map(([args]) => assay(...args)));
  for (const [index, [args, line]] of cases.entries()) {
    const outcome = outcomes[index];
    expect(outcome?.code, args.join(" ")).toBe(1);
    if (typeof line === "string") expect(outcome?.output).toBe(`assay: ${line}\n`);
    else expect(outcome?.output).toMatch(line);
    expect(outcome?.output.trimEnd().split("\n"), args.join(" ")).toHaveLength(1);
  }
}

function files(contents: Readonly<Record<string, string>>): (name: string) => string {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(contents)) writeFileSync(join(folder, name), text);
  return (name) => join(folder, name);
}

describe("mistakes are one line", () => {
  test("in infer", async () => {
    const at = files({ "bad.json": "{", "list.json": "[]", "half.json": '{"x":{"dtype":"float32"}}' });
    await expectRefused([
      [["infer"], "infer: model is missing; see assay help infer"],
      [["infer", "m"], "infer: --inputs <file.json> is missing"],
      [["infer", "m", "--inputs", at("none.json")], `${at("none.json")} can't be read (ENOENT)`],
      [["infer", "m", "--inputs", at("bad.json")], /^assay: .*bad\.json is no JSON: .*\n$/],
      [["infer", "m", "--inputs", at("list.json")], /list\.json must hold an object of inputs/],
      [["infer", "m", "--inputs", at("half.json")], `${at("half.json")}: input x needs a dtype, a shape and data`],
      [["infer", "m", "--input", INPUTS], 'infer: unknown option --input (did you mean "--inputs"?)'],
      [["infer", "m", "--inputs", INPUTS, "--timeout", "0"], /--timeout must be a whole number from 1 to 3600/],
    ]);
  });

  test("in query, model and tx", async () => {
    const manifest = { name: "m", version: "1", file: "m.onnx", inputs: [], outputs: [], royaltyPpm: 0, licence: "" };
    const at = files({
      "field.json": JSON.stringify({ ...manifest, fee: "1", probes: [], fees: 1 }),
      "fee.json": JSON.stringify({ ...manifest, fee: 1, probes: [] }),
      "shape.json": JSON.stringify({
        ...manifest,
        fee: "1",
        probes: [],
        inputs: [{ name: "x", dtype: "float32", shape: [-1] }],
      }),
      "model.json": JSON.stringify({ ...manifest, fee: "1", probes: [] }),
      "m.onnx": "this is no model",
    });
    await expectRefused([
      [
        ["query", "validatorset"],
        'query: nothing is called "validatorset" (did you mean "validator-set"?); see assay help query',
      ],
      [["query", "toString"], 'query: nothing is called "toString"; see assay help query'],
      [["query", "bank", "balances"], "query bank balances: address is missing; see assay query bank balances --help"],
      [["query", "models", "x"], 'query models: too many arguments, from "x" on'],
      [
        ["query", "validator-set", "--height", "-1"],
        /^assay: query validator-set: Option '--height' argument is ambiguous/,
      ],
      [["query", "status", "--node", "here"], '--node must be a URL such as http://127.0.0.1:26657, not "here"'],
      [
        ["model", "registre", "x"],
        'model: "registre" is none of register, list, show, status, check, versions, deprecate, transfer, accept (did you mean "register"?)',
      ],
      [["model", "register", at("field.json")], `${at("field.json")}: there is no field fees`],
      [["model", "register", at("fee.json")], /fee must be the fee of a run in base units, such as "5000"\n$/],
      [["model", "register", at("shape.json")], /inputs must be a list of \{name, dtype, shape\}\n$/],
      [["model", "register", at("model.json")], /m\.onnx is no model that the chain runs: /],
      [["tx", "bnak", "send"], 'tx: nothing is called "bnak" (did you mean "bank"?); see assay help tx'],
      [["tx", "bank", "sent"], 'tx bank: nothing is called "sent" (did you mean "send"?)'],
      [["tx", "bank", "send", "assay1qq", "5uassay"], "tx bank send: to assay1qq is not an address"],
      [
        ["tx", "bank", "send", "assay15yk64u7zc9g9k2yr2wmzeva5qgwxps6y6kakhv", "5"],
        'tx bank send: amount must be a number and a denomination, such as 5uassay, not "5"',
      ],
    ]);
  });

  test("a node that is not there, or is none", async () => {
    const [port = 0] = await freePorts(1);
    const closed = `http://127.0.0.1:${port}`;
    const server = createServer((_, response) => response.end("<html>\u001b[2J"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const other = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const down = `no node answers at ${closed} (ECONNREFUSED); is one running? npm start runs four`;
    await expectRefused([
      [["query", "status", "--node", closed], down],
      [["infer", "m", "--inputs", INPUTS, "--node", closed], down],
      [["model", "list", "--node", closed], down],
      [["tx", "bank", "send", "assay15yk64u7zc9g9k2yr2wmzeva5qgwxps6y6kakhv", "5uassay", "--node", closed], down],
      [["query", "validator-set", "--node", other], "the node's answer is no JSON"],
      [["model", "show", "m", "--from", "alice", "--node", GONE], /^assay: no node answers at /],
    ]);
  });
});

test("model check says what a model is made of", async () => {
  const { code, output } = await assay("model", "check", join(MODELS, "cnn_digits.onnx"));
  expect(output).toMatch(/^opset \d+; operators .*Conv/);
  expect(output).toContain("inputs x[?,1,8,8]; outputs logits[…] prob[…]\n");
  expect(code).toBe(0);
});

describe("verify", () => {
  const committee = committeeOf([40n, 30n, 20n, 10n]);
  const values = Uint8Array.of(1, 0, 0, 0);
  const outputRoot = Tensors.hashTreeRoot([{ dtype: 6, shape: [1], data: values }]);
  const receipt = receiptToJson(signedReceipt(committee, [0, 1], outputRoot));
  const outputs = [{ name: "y", dtype: "int32", shape: [1], data: Buffer.from(values).toString("base64") }];
  const result = { jobId: receipt.jobId, status: "FINAL", outputs, outputRoot: receipt.outputRoot, receipt };
  const otherOutputs = [{ ...outputs[0], data: "AgAAAA==" }];

  test("tells what was attested, or why nothing was", async () => {
    const at = files({
      "receipt.json": JSON.stringify(receipt),
      "result.json": JSON.stringify(result),
      "swapped.json": JSON.stringify({ ...result, outputs: otherOutputs }),
      "failed.json": JSON.stringify({ ...result, status: "FAILED", receipt: null }),
      "forged.json": JSON.stringify({ ...receipt, outputRoot: "00".repeat(32) }),
      "empty.json": "{}",
      "copied.json": JSON.stringify(receiptToJson(signedReceipt(committee, [0, 1], outputRoot, undefined, true))),
      "set.json": JSON.stringify(trustedJson(committee)),
      "changed.json": JSON.stringify(trustedJson(committeeOf([41n, 30n, 20n, 10n]))),
    });
    const verify = (file: string, set = "set.json") => assay("verify", at(file), "--trust", at(set));
    const valid = {
      code: 0,
      output:
        `valid: 2 of 4 validators with 70 of 100 power attested output ${receipt.outputRoot} of job ${receipt.jobId} ` +
        "on assaytest-1\n",
    };
    const outcomes = await Promise.all([
      verify("receipt.json"),
      verify("result.json"),
      verify("forged.json"),
      verify("swapped.json"),
      verify("receipt.json", "changed.json"),
    ]);
    expect(outcomes.slice(0, 2)).toEqual([valid, valid]);
    expect(outcomes[2]).toEqual({ code: 1, output: "not valid: the signature is not the signers'\n" });
    expect(outcomes[3]?.output).toMatch(
      /^not valid: the file's outputs have the root [0-9a-f]{64}, the receipt is of /,
    );
    expect(outcomes[4]?.output).toMatch(/Needed: assay query validator-set --height 41\n$/);
    expect(await verify("copied.json")).toEqual({
      code: 0,
      output: expect.stringMatching(
        / on assaytest-1; not blind: they signed without commitments, and may have copied\n$/,
      ),
    });
    expect(outcomes.slice(2).map(({ code }) => code)).toEqual([1, 1, 1]);
    await expectRefused([
      [["verify", at("receipt.json")], /verify: --trust <set\.json> is missing/],
      [
        ["verify", at("failed.json"), "--trust", at("set.json")],
        `${at("failed.json")}: holds no receipt: the job failed`,
      ],
      [["verify", at("empty.json"), "--trust", at("set.json")], /empty\.json: receipt \w+ /],
      [["verify", at("receipt.json"), "--trust", at("empty.json")], /empty\.json: chainId must be /],
    ]);
  });
});

test("processes end by themselves with the same codes and lines, and print nothing that drives a terminal", async () => {
  const server = createServer((_, response) => {
    response.end(JSON.stringify({ jsonrpc: "2.0", id: 0, error: { code: 1, message: "\u001b[2Jno\r\u0007" } }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const hostile = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const committee = committeeOf([1n]);
  const at = files({
    "receipt.json": JSON.stringify(receiptToJson(signedReceipt(committee, [0]))),
    "set.json": JSON.stringify(trustedJson(committee)),
  });
  const [models, inputs, valid] = await Promise.all([
    assayProcess("query", "models", "--node", hostile),
    assayProcess("infer", "m", "--inputs", at("none.json")),
    assayProcess("verify", at("receipt.json"), "--trust", at("set.json")),
  ]);
  expect(models).toEqual({ code: 1, output: "assay: \uFFFD[2Jno\uFFFD\uFFFD\n" });
  expect(inputs).toEqual({ code: 1, output: `assay: ${at("none.json")} can't be read (ENOENT)\n` });
  expect(valid).toMatchObject({ code: 0, output: expect.stringMatching(/^valid: 1 of 1 validators .*\n$/) });
});
