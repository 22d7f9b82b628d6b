import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { toHex } from "../../chain/bytes.ts";
import { rpcProvider } from "../../client/light-provider.ts";
import { lightBlockId } from "../../consensus/light/verify.ts";
import { receiptToJson } from "../../modules/inference/receipt.ts";
import { attempt } from "../scenarios/command.ts";
import { CNN_DIGITS, fixtureModel, rowOf } from "../scenarios/models.ts";
import { useNetwork } from "../scenarios/network.ts";

const APPEAL_WINDOW = 6;
const network = useNetwork({
  offset: 5400,
  params: {
    "consensus.emptyBlockInterval": 250n,
    "staking.unbondingTime": 600_000n,
    "inference.appealWindow": BigInt(APPEAL_WINDOW),
  },
});

test("a receipt of real nodes settles, and the file says so offline and to a light client", async () => {
  const client = await network.client(0);
  await network.admit(client, fixtureModel(CNN_DIGITS));
  const { receipt, requestedHeight } = await client.infer(CNN_DIGITS.name, rowOf(CNN_DIGITS, 0));
  if (receipt === undefined) throw new Error("a final job without receipt");
  const folder = mkdtempSync(join(tmpdir(), "assay-settled-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const path = file("receipt.json", JSON.stringify(receiptToJson(receipt)));
  const set = await attempt("query", "validator-set", "--height", String(requestedHeight), "--node", network.rpc(0));
  const setPath = file("set.json", set.out);
  const first = await rpcProvider(network.rpc(0)).lightBlock(2);
  if (first === undefined) throw new Error("no block 2");
  const flags = [
    ...["--trust-height", "2", "--trust-hash", toHex(lightBlockId(first))],
    ...["--primary", network.rpc(0), "--witness", network.rpc(1)],
  ];

  const early = await attempt("receipt", "settle", path, ...flags);
  expect(early).toMatchObject({ code: 1, out: "", err: expect.stringMatching(/^not settled: /) });
  // The last reveals, or the end of the window that begins after them.
  const [, end] = /(?:until|with) block (\d+), the proof is of block \d+$/.exec(early.err) ?? [];
  await network.waitForHeight(0, Number(end) + APPEAL_WINDOW + 2);
  const late = await attempt("receipt", "settle", path, ...flags);
  expect(late).toMatchObject({ code: 0, err: "" });

  const settled = file("settled.json", late.out);
  const said = { code: 0, err: "", out: expect.stringMatching(/^valid: .*\nsettled: the appeal window ended with /) };
  expect(await attempt("verify", settled, "--settled", "--trust", setPath)).toEqual(said);
  expect(await attempt("verify", settled, "--settled", ...flags)).toEqual(said);
  expect(await attempt("receipt", "eip2537", settled, "--trust", setPath)).toMatchObject({ code: 0, err: "" });
});
