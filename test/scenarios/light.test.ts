import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { toHex } from "../../chain/bytes.ts";
import { rpcProvider } from "../../client/light-provider.ts";
import { lightBlockId } from "../../consensus/light/verify.ts";
import { genesisRoot } from "../../genesis/root.ts";
import { COMMANDS } from "../../node/cli/commands.ts";
import { dispatch } from "../../node/cli/dispatch.ts";
import { genesisDocument } from "../../node/cli/genesis-document.ts";
import { blocks, ROOT, readText } from "../docs/markdown.ts";
import { useNetwork } from "./network.ts";

const STAKE = 1_000_000_000_000n;
/** Two validators with as much stake: each block needs both. */
const network = useNetwork({
  offset: 5700,
  validators: 2,
  stakes: [STAKE, STAKE],
  params: { "consensus.emptyBlockInterval": 250n, "staking.unbondingTime": 600_000n },
});

async function assay(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await dispatch(COMMANDS, args, { out: (text) => out.push(text), err: (text) => err.push(text) });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

/** The command line of a light client that trusts block `height` and follows node 0, watched by node 1. */
async function lightFrom(height: number): Promise<string[]> {
  await network.waitForHeight(0, height);
  const block = await rpcProvider(network.rpc(0)).lightBlock(height);
  if (block === undefined) throw new Error(`no block ${height}`);
  const trust = ["--trust-height", String(height), "--trust-hash", toHex(lightBlockId(block))];
  return ["light", ...trust, "--primary", network.rpc(0), "--witness", network.rpc(1)];
}

/** The value that a light client has proven, in the JSON behind the blocks that it prints. */
function provenIn(out: string): unknown {
  return (JSON.parse(out.slice(out.indexOf("{"))) as { value: unknown }).value;
}

test("follows real nodes through a change of stake, and proves fields of their state", async () => {
  const flags = await lightFrom(2);
  const client = await network.client(0);
  const { operator } = network.validator(0);
  const { height } = await client.send([
    {
      typeUrl: "/cosmos.staking.v1beta1.MsgDelegate",
      value: {
        delegatorAddress: client.address,
        validatorAddress: operator,
        amount: { denom: "uassay", amount: "5000000" },
      },
    },
  ]);
  await network.waitForHeight(1, height + 3);

  const walked = await assay(...flags, "--once", "--sequential");
  expect(walked).toMatchObject({ code: 0, err: "" });
  const lines = walked.out.split("\n");
  expect(lines[0]).toMatch(/^2 \S+Z [0-9a-f]{64} 2\/2 signed$/);
  expect(Number(lines.at(-1)?.split(" ")[0])).toBeGreaterThanOrEqual(height + 3);

  const tokens = await assay(...flags, "--prove", `validator/${operator}/tokens`);
  expect(tokens).toMatchObject({ code: 0, err: "" });
  expect(provenIn(tokens.out)).toBe((STAKE + 5_000_000n).toString());
  const missing = await assay(...flags, "--prove", `balance/${client.address}/unothing`);
  expect(provenIn(missing.out)).toBeNull();
  const own = await assay(...flags, "--prove", `balance/${client.address}/uassay`);
  expect(BigInt(String(provenIn(own.out)))).toBeLessThan(network.local.allowance);
});

test("does not begin with a block that it was not told to trust, or under another genesis", async () => {
  const flags = await lightFrom(3);
  const other = flags.with(4, "00".repeat(32));
  expect(await assay(...other, "--once")).toMatchObject({
    code: 1,
    err: expect.stringMatching(/no provider is left: .* block 3 is not the trusted one with the id 0000/),
  });
  const root = "11".repeat(32);
  expect(await assay(...flags, "--once", "--genesis-root", root, "--trust-period", "60")).toMatchObject({
    code: 1,
    err: expect.stringMatching(/the aggregate signature is wrong/),
  });
  expect(await assay(...flags, "--once", "--genesis-root", root)).toMatchObject({
    code: 1,
    err: expect.stringMatching(/is of another chain, with the genesis root [0-9a-f]{64}/),
  });
});

test("the example of the documentation runs", async () => {
  const [code = ""] = blocks(readText("docs/light-client.md"))
    .filter(({ language }) => language === "ts")
    .map((block) => block.code);
  const flags = await lightFrom(2);
  const root = toHex(genesisRoot(await genesisDocument(network.rpc(0))));
  const filled = [
    ['"00".repeat(32)', `"${root}"`],
    ['"11".repeat(32)', `"${flags[4]}"`],
    ["http://127.0.0.1:26657", network.rpc(0)],
    ["http://127.0.0.1:26667", network.rpc(1)],
    ["14 * 24 * 3600 * 1000", "400_000"],
    ['from "./', 'from "../../'],
  ].reduce((text, [from = "", to = ""]) => {
    expect(text).toContain(from);
    return text.replaceAll(from, to);
  }, code);
  mkdirSync(join(ROOT, ".test"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, ".test/light-example-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "example.ts"), filled);
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  onTestFinished(() => log.mockRestore());
  await import(join(folder, "example.ts"));
  expect(log.mock.calls[0]).toEqual(["verified", expect.any(Number), expect.stringMatching(/^[0-9a-f]{64}$/)]);
  expect(log.mock.calls[1]).toEqual(["proven", expect.any(BigInt)]);
});
