import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { toHex } from "../../chain/bytes.ts";
import { Header } from "../../chain/types/header.ts";
import { LightBlock } from "../../chain/types/light-block.ts";
import { eip2537Receipt, eip2537ToJson } from "../../client/eip2537-receipt.ts";
import type { Settlement } from "../../client/settled-receipt.ts";
import { settlementToJson } from "../../client/settlement-json.ts";
import { parseTrustedSet } from "../../client/verify-receipt.ts";
import { lightBlockId } from "../../consensus/light/verify.ts";
import { receiptToJson } from "../../modules/inference/receipt.ts";
import { COMMANDS } from "../../node/cli/commands.ts";
import { dispatch } from "../../node/cli/dispatch.ts";
import { APPEAL_END, makeSettlement, receiptOf, SEATS, trustedSet } from "../client/settlement-fixture.ts";
import { certify, GENESIS_ROOT } from "../light/chain-maker.ts";
import { temporaryFolder } from "./temporary-folder.ts";

async function assay(...args: string[]): Promise<{ code: number; out: string[]; err: string[] }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await dispatch(COMMANDS, args, { out: (text) => out.push(text), err: (text) => err.push(text) });
  return { code, out, err };
}

function files(contents: Readonly<Record<string, unknown>>): (name: string) => string {
  const folder = temporaryFolder();
  for (const [name, json] of Object.entries(contents)) writeFileSync(join(folder, name), JSON.stringify(json));
  return (name) => join(folder, name);
}

const receipt = receiptOf();
const receiptJson = receiptToJson(receipt);
const settlement = await makeSettlement();
const early = await makeSettlement({ height: APPEAL_END });
const other = await makeSettlement({ job: { costUnits: 9 } });
const CONTENTS = {
  "receipt.json": receiptJson,
  "forged.json": { ...receiptJson, outputRoot: "00".repeat(32) },
  "set.json": trustedSet(),
  "settled.json": { receipt: receiptJson, settlement: settlementToJson(settlement) },
  "early.json": { receipt: receiptJson, settlement: settlementToJson(early) },
  "mixed.json": {
    receipt: receiptJson,
    settlement: { ...settlementToJson(settlement), job: settlementToJson(other).job },
  },
  "broken.json": { receipt: receiptJson, settlement: 5 },
};
const at = (name: string): string => files(CONTENTS)(name);
const SETTLED = `settled: the appeal window ended with block ${APPEAL_END}, and block ${APPEAL_END + 1} proves the job final with this output`;
const EARLY = `not settled: the appeal window ends with block ${APPEAL_END}, the proof is of block ${APPEAL_END}`;
const VALID = expect.stringMatching(/^valid: 3 of 4 validators with 90 of 100 power attested output 0505/);

describe("verify says what a file with a settlement shows", () => {
  const verify = (name: string, ...rest: string[]) => assay("verify", at(name), "--trust", at("set.json"), ...rest);
  test("settled, or not yet", async () => {
    expect(await verify("settled.json", "--settled")).toEqual({ code: 0, out: [VALID, SETTLED], err: [] });
    expect(await verify("early.json")).toEqual({ code: 0, out: [VALID, EARLY], err: [] });
    expect(await verify("early.json", "--settled")).toEqual({ code: 1, out: [VALID, EARLY], err: [] });
    expect(await verify("receipt.json", "--settled")).toEqual({
      code: 1,
      out: [VALID],
      err: ["not settled: the file holds no settlement; assay receipt settle makes one"],
    });
  });
  test("nothing that is not proven", async () => {
    expect(await verify("mixed.json")).toEqual({
      code: 1,
      out: [],
      err: [expect.stringMatching(/^not valid: the job's record is not proven: /)],
    });
    expect((await verify("broken.json")).err[0]).toMatch(/broken\.json: a settlement is no JSON object$/);
  });
});

describe("receipt eip2537", () => {
  test("prints what a contract takes", async () => {
    const { code, out, err } = await assay("receipt", "eip2537", at("receipt.json"), "--trust", at("set.json"));
    expect({ code, err }).toEqual({ code: 0, err: [] });
    expect(JSON.parse(out.join(""))).toEqual(eip2537ToJson(eip2537Receipt(receipt, parseTrustedSet(trustedSet()))));
  });
  test("nothing for a receipt that does not verify", async () => {
    expect(await assay("receipt", "eip2537", at("forged.json"), "--trust", at("set.json"))).toEqual({
      code: 1,
      out: [],
      err: ["assay: the receipt does not verify: the signature is not the signers'"],
    });
  });
});

/** A node with the settlement's block, the one of the request, and the state after the former. */
async function nodeWith({ block, job }: Settlement): Promise<string> {
  const requested = certify({ ...block.header, height: receipt.requestedHeight, time: block.header.time - 9e3 }, SEATS);
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
  const answers: Record<string, (params: Record<string, string>) => unknown> = {
    assay_light_block: ({ height }) => {
      const found = [requested, block].find(
        (one) => String(one.header.height) === (height ?? String(block.header.height)),
      );
      return found && { light_block: base64(LightBlock.serialize(found)) };
    },
    abci_query: ({ height }) => {
      const response = {
        value: base64(job.value),
        proofOps: { ops: job.ops.map(({ type, key, data }) => ({ type, key: base64(key), data: base64(data) })) },
      };
      return { response: { code: 0, log: "", index: "0", key: "", height, codespace: "", info: "", ...response } };
    },
  };
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on("end", () => {
      const { id, method, params: given } = JSON.parse(body) as { id: number; method: string; params: never };
      const result = answers[method]?.(given);
      const error = { code: -32603, message: "Internal error", data: "height is not available" };
      response.end(JSON.stringify({ jsonrpc: "2.0", id, ...(result === undefined ? { error } : { result }) }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function flagsFor(made: Settlement): Promise<string[]> {
  const { header } = made.block;
  const requested = { ...header, height: receipt.requestedHeight, time: header.time - 9e3 };
  const flags = { height: String(requested.height), hash: toHex(Header.hashTreeRoot(requested)) };
  return [
    ...["--trust-height", flags.height, "--trust-hash", flags.hash, "--primary", await nodeWith(made)],
    ...["--genesis-root", toHex(GENESIS_ROOT), "--trust-period", "1000000000"],
  ];
}

describe("receipt settle", () => {
  test("prints a file that verifies, offline and by a light client", async () => {
    const flags = await flagsFor(settlement);
    const { code, out, err } = await assay("receipt", "settle", at("receipt.json"), ...flags);
    expect({ code, err }).toEqual({ code: 0, err: [] });
    const written = files({ "made.json": JSON.parse(out.join("")) })("made.json");
    const settled = { code: 0, out: [VALID, SETTLED], err: [] };
    expect(await assay("verify", written, "--settled", "--trust", at("set.json"))).toEqual(settled);
    expect(await assay("verify", written, "--settled", ...flags)).toEqual(settled);
  });

  test("nothing before the appeal window is over, nor for a receipt that does not verify", async () => {
    const flags = await flagsFor(early);
    expect(await assay("receipt", "settle", at("receipt.json"), ...flags)).toEqual({ code: 1, out: [], err: [EARLY] });
    expect(await assay("receipt", "settle", at("forged.json"), ...flags)).toMatchObject({
      code: 1,
      err: ["assay: the receipt does not verify: the signature is not the signers'"],
    });
  });

  test("a settlement of a block that the chain does not have is not valid", async () => {
    const other = await makeSettlement({ job: { costUnits: 5 } });
    expect(lightBlockId(other.block)).not.toEqual(lightBlockId(settlement.block));
    expect(await assay("verify", at("settled.json"), ...(await flagsFor(other)))).toEqual({
      code: 1,
      out: [],
      err: [`not valid: the settlement's block ${APPEAL_END + 1} is not the chain's`],
    });
  });
});

test.each<[string[], string | RegExp]>([
  [["receipt"], 'receipt: "" is none of eip2537, settle, prove'],
  [["receipt", "setle"], 'receipt: "setle" is none of eip2537, settle, prove (did you mean "settle"?)'],
  [["receipt", "eip2537"], "receipt eip2537: receipt.json is missing; see assay receipt eip2537 --help"],
  [["receipt", "eip2537", "x"], /receipt eip2537: --trust <set\.json> is missing/],
  [["receipt", "settle", "x"], /receipt settle: --trust-height and --trust-hash are missing/],
])("a mistake is one line: %j", async (args, line) => {
  const { code, err } = await assay(...args);
  expect(code).toBe(1);
  expect(err).toHaveLength(1);
  if (typeof line === "string") expect(err[0]).toBe(`assay: ${line}`);
  else expect(err[0]).toMatch(line);
});
