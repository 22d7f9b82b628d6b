import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { toHex } from "../../chain/bytes.ts";
import { encodeAddress } from "../../chain/crypto/bech32.ts";
import { DOMAIN, signingRoot } from "../../chain/domain.ts";
import { AttestationData, JobFields } from "../../chain/types/attestation.ts";
import { LightClientAttackEvidence } from "../../chain/types/evidence.ts";
import { LightBlock } from "../../chain/types/light-block.ts";
import { lightBlockId } from "../../consensus/light/verify.ts";
import { balances } from "../../modules/bank/store.ts";
import { receiptToJson } from "../../modules/inference/receipt.ts";
import { validators } from "../../modules/staking/store.ts";
import { COMMANDS } from "../../node/cli/commands.ts";
import { dispatch } from "../../node/cli/dispatch.ts";
import { parseProofPath } from "../../node/cli/proof-path.ts";
import { FIELDS } from "../client/receipt-fixture.ts";
import { at, BLS, GENESIS_ROOT, keyOf, makeChain, type Seat, steady } from "../light/chain-maker.ts";
import { temporaryFolder } from "./temporary-folder.ts";

async function assay(...args: string[]): Promise<{ code: number; out: string[]; err: string[] }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await dispatch(COMMANDS, args, { out: (text) => out.push(text), err: (text) => err.push(text) });
  return { code, out, err };
}

const SEATS: readonly Seat[] = [
  [1, 10],
  [2, 10],
  [3, 10],
];

/** A node that has these blocks and nothing else. */
async function nodeWith(chain: readonly LightBlock[]): Promise<string> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on("end", () => {
      const { id, params } = JSON.parse(body) as { id: number; params: { height?: string } };
      const block = chain[Number(params.height ?? chain.length) - 1];
      const data = "height is not available";
      const answer =
        block === undefined
          ? { error: { code: -32603, message: "Internal error", data } }
          : { result: { light_block: Buffer.from(LightBlock.serialize(block)).toString("base64") } };
      response.end(JSON.stringify({ jsonrpc: "2.0", id, ...answer }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const flagsFor = (block: LightBlock, primary: string): string[] => [
  "light",
  "--trust-height",
  String(block.header.height),
  "--trust-hash",
  toHex(lightBlockId(block)),
  "--primary",
  primary,
  "--genesis-root",
  toHex(GENESIS_ROOT),
  "--trust-period",
  "1000000000",
];

describe("light", () => {
  // The clock is the real one, so these blocks are of the past.
  const chain = makeChain(steady(SEATS, 8), { start: Date.UTC(2025, 0, 1) });

  test("prints what it has verified, once", async () => {
    const primary = await nodeWith(chain);
    const witness = await nodeWith(chain);
    const { code, out, err } = await assay(...flagsFor(at(chain, 2), primary), "--witness", witness, "--once");
    expect({ code, err }).toEqual({ code: 0, err: [] });
    expect(out).toEqual(
      [2, 8].map((height) =>
        expect.stringMatching(new RegExp(`^${height} 2025-01-01T00:\\S+Z [0-9a-f]{64} 3/3 signed$`)),
      ),
    );
  });

  test("prints evidence against both sides of an attack, and fails", async () => {
    const fork = makeChain(steady(SEATS, 4), { base: chain.slice(0, 4), salt: 1 });
    const [primary, witness] = [await nodeWith(fork), await nodeWith(chain)];
    const { code, out, err } = await assay(...flagsFor(at(chain, 2), primary), "--witness", witness, "--once");
    expect(code).toBe(1);
    expect(err).toEqual([
      expect.stringMatching(/have different certified blocks 8; block 2 is the last one they share/),
    ]);
    const evidence = out.slice(1).map((text) => JSON.parse(text) as Record<string, string>);
    expect(evidence).toMatchObject([
      { accused: "primary", commonHeight: 2 },
      { accused: "witness", commonHeight: 2 },
    ]);
    const submitted = Buffer.from(evidence[0]?.evidence ?? "", "base64");
    const { header } = LightClientAttackEvidence.deserialize(new Uint8Array(submitted));
    expect(header).toEqual(at(fork, 8).header);
    const conflicting = LightBlock.deserialize(Buffer.from(evidence[0]?.conflicting ?? "", "base64"));
    expect(lightBlockId(conflicting)).toEqual(lightBlockId(at(fork, 8)));
  });

  test.each<[string[], string | RegExp]>([
    [["--trust-height", "1"], /--trust-height and --trust-hash are missing/],
    [["--trust-height", "0", "--trust-hash", "00"], /--trust-height must be a whole number from 1/],
    [["--trust-height", "1", "--trust-hash", "xy"], '--trust-hash must be 64 hexadecimal digits, not "xy"'],
    [
      ["--trust-height", "1", "--trust-hash", "00".repeat(32), "--trust-level", "2"],
      /--trust-level must be a fraction/,
    ],
    [["--trust-height", "1", "--trust-hash", "00".repeat(32), "--primary", "x"], /--primary must be a URL/],
    [["--trust-height", "1", "--trust-hash", "00".repeat(32), "--witness", "x"], /--witness must be a URL/],
    [["--trust-height", "1", "--trust-hash", "00".repeat(32), "--prove", "x/y"], /"x\/y" is none of balance\//],
    [["--trust-height", "1", "--trust-hash", "00".repeat(32), "--trust-period", "0"], /--trust-period must be/],
    [["--trust-height", "1", "--trust-hash", "00".repeat(32), "--primary", "http://127.0.0.1:9"], /no node answers at/],
  ])("a mistake is one line: %j", async (args, line) => {
    const { code, err } = await assay("light", ...args);
    expect(code).toBe(1);
    expect(err).toHaveLength(1);
    expect(err[0]).toMatch(line);
  });
});

describe("verify finds the committee by a light client", () => {
  const chain = makeChain(steady(SEATS, 8), { start: Date.UTC(2025, 0, 1) });

  /** A receipt that all members of the set have signed, who voted on block 5. */
  function receiptFile(requestedHeight: number): string {
    const committeeRoot = at(chain, 5).header.validatorsRoot;
    const fields = { ...FIELDS, genesisRoot: GENESIS_ROOT };
    const outputRoot = new Uint8Array(32).fill(5);
    const data = { jobId: JobFields.hashTreeRoot(fields), committeeRoot, outputRoot, direct: false, class: 1 };
    const message = signingRoot(AttestationData.hashTreeRoot(data), DOMAIN.ATTESTATION, GENESIS_ROOT);
    const signature = BLS.aggregate(SEATS.map(([id]) => keyOf(id).sign(message)));
    const signers = at(chain, 5).commit.signers;
    const seats = signers;
    const receipt = {
      fields,
      outputRoot,
      committeeRoot,
      seats,
      requestedHeight,
      finalHeight: 7,
      signers,
      signature,
      direct: false,
      class: 1,
    };
    const path = join(temporaryFolder(), "receipt.json");
    writeFileSync(path, JSON.stringify(receiptToJson(receipt)));
    return path;
  }

  test("forwards and backwards from what is trusted", async () => {
    const primary = await nodeWith(chain);
    for (const trusted of [2, 7]) {
      const [, ...flags] = flagsFor(at(chain, trusted), primary);
      const { code, out, err } = await assay("verify", receiptFile(5), ...flags);
      expect({ code, err }).toEqual({ code: 0, err: [] });
      expect(out).toEqual([expect.stringMatching(/^valid: 3 of 3 validators .* on the chain with genesis root 0707/)]);
    }
  });

  test("not where the chain has another set, or no block, or the flags contradict each other", async () => {
    const other = makeChain(
      steady(
        [
          [1, 10],
          [2, 10],
        ],
        8,
      ),
      { start: Date.UTC(2025, 0, 1) },
    );
    const primary = await nodeWith(other);
    const [, ...flags] = flagsFor(at(other, 2), primary);
    expect(await assay("verify", receiptFile(5), ...flags)).toMatchObject({
      code: 1,
      err: [expect.stringMatching(/^not valid: the receipt's committee is the validator set with root/)],
    });
    expect(await assay("verify", receiptFile(50), ...flags)).toMatchObject({
      code: 1,
      err: [expect.stringMatching(/does not have block 50/)],
    });
    expect(await assay("verify", receiptFile(5), "--trust", "x", ...flags)).toMatchObject({
      code: 1,
      err: [expect.stringMatching(/give one of them/)],
    });
  });
});

describe("paths of what is to be proven", () => {
  const address = new Uint8Array(20).fill(1);
  const text = encodeAddress("assay", address);
  test("name a key and a field", () => {
    expect(parseProofPath(`balance/${text}/uassay`)).toEqual({
      key: balances.storeKey([address, "uassay"]),
      type: balances.type,
      path: [],
    });
    const valoper = encodeAddress("assayvaloper", address);
    const expected = { key: validators.storeKey(address), type: validators.type, path: ["commission", "rate"] };
    expect(parseProofPath(`validator/${valoper}/commission.rate`)).toEqual(expected);
    expect(parseProofPath(`validator/${valoper}/commission/rate`)).toEqual(expected);
  });
  test.each([
    ["balance", /is none of/],
    [`balance/${text}`, /is none of/],
    ["toString/x", /is none of/],
    ["account/nobody", /nobody is not an address/],
    ["job/12", /"12" is not 64 hexadecimal digits/],
    [`validator/${text}/nothing`, /there is no field nothing/],
    [`balance/${text}/uassay/amount`, /there is no field amount/],
  ])("or are refused: %s", (path, reason) => expect(() => parseProofPath(path)).toThrow(reason));
});
