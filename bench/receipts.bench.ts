import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BitArray } from "@chainsafe/ssz";
import { rolldown } from "rolldown";
import { toHex } from "../chain/bytes.ts";
import { blsKeyFromSeed, blsSecretKey, createBls } from "../chain/crypto/bls.ts";
import { sha256 } from "../chain/crypto/hash.ts";
import { ValidatorSet } from "../chain/types/validator.ts";
import { Receipt, receiptRoot, receiptToJson } from "../modules/inference/receipt.ts";
import { type ReceiptTimes, timeReceipt } from "./receipts-page.ts";
import { type Row, report } from "./report.ts";

/** What a receipt weighs and how long its check takes in pure JavaScript, by the size of the committee, nine tenths of which signed. */
const SIZES = [4, 128, 1000];
const BROWSER = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) =>
  existsSync(path),
);
const PAGE_TIMEOUT_MS = 120_000;

const GENESIS_ROOT = new Uint8Array(32).fill(7);
const bls = createBls();

function receiptOf(size: number) {
  const keys = Array.from({ length: size }, (_, i) =>
    blsSecretKey(blsKeyFromSeed(sha256(Uint8Array.of(i >> 8, i & 255)))),
  );
  const validators = keys.map(({ publicKey }, i) => ({
    operator: sha256(publicKey).subarray(0, 20),
    identityKey: sha256(publicKey),
    voteKey: publicKey,
    power: BigInt(10_000 - i),
  }));
  const present = keys.map((_, i) => i % 10 !== 9);
  const unsigned: Receipt = {
    fields: { ...Receipt.defaultValue().fields, genesisRoot: GENESIS_ROOT },
    outputRoot: sha256(GENESIS_ROOT),
    committeeRoot: ValidatorSet.hashTreeRoot(validators),
    seats: BitArray.fromBoolArray(present.map(() => true)),
    requestedHeight: 41,
    finalHeight: 43,
    signers: BitArray.fromBoolArray(present),
    signature: new Uint8Array(96),
    direct: false,
    class: 1,
  };
  const message = receiptRoot(unsigned);
  const signature = bls.aggregate(keys.filter((_, i) => present[i]).map((key) => key.sign(message)));
  const set = validators.map(({ operator, identityKey, voteKey, power }) => ({
    operator: toHex(operator),
    identityKey: toHex(identityKey),
    voteKey: toHex(voteKey),
    power: power.toString(),
  }));
  return {
    receipt: { ...unsigned, signature },
    set: { chainId: "bench-1", genesisRoot: toHex(GENESIS_ROOT), height: 41, validators: set },
  };
}

/** Bundled as an application would, so that a page runs what Node does. */
async function bundle(): Promise<string> {
  const build = await rolldown({ input: join(import.meta.dirname, "receipts-page.ts"), platform: "browser" });
  const { output } = await build.generate({ format: "iife", name: "bundled", codeSplitting: false });
  await build.close();
  return output[0].code;
}

/** A browser's answer: a page measures while it loads, and its text is the result. */
async function inBrowser(browser: string, code: string, receipt: unknown, set: unknown): Promise<ReceiptTimes> {
  const folder = mkdtempSync(join(tmpdir(), "assay-receipts-"));
  try {
    const page = join(folder, "page.html");
    const data = [receipt, set].map((json) => JSON.stringify(json)).join();
    const script = `${code}\ndocument.body.textContent = "@" + JSON.stringify(bundled.timeReceipt(${data})) + "@";`;
    writeFileSync(page, `<!doctype html><body><script>${script.replaceAll("</script", "<\\/script")}</script></body>`);
    const flags = ["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${folder}`, "--dump-dom"];
    const text = await new Promise<string>((resolve, reject) => {
      const options = { timeout: PAGE_TIMEOUT_MS, maxBuffer: 1 << 26 };
      execFile(browser, [...flags, `file://${page}`], options, (error, stdout) =>
        error === null ? resolve(stdout) : reject(error),
      );
    });
    const [, answer] = /@({[^@]*})@/.exec(text) ?? [];
    if (answer === undefined) throw new Error(`the page gave no times: ${text.slice(-300)}`);
    return JSON.parse(answer) as ReceiptTimes;
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

function rowsOf(of: string, { first, newKeys, knownKeys }: ReceiptTimes): Row[] {
  return [
    { name: `${of}, first of all`, value: first, unit: "ms" },
    { name: `${of}, keys never seen`, value: newKeys, unit: "ms", aim: "≤ 60" },
    { name: `${of}, keys known`, value: knownKeys, unit: "ms", aim: "≤ 60" },
  ];
}

const code = await bundle();
const rows: Row[] = [];
for (const size of SIZES) {
  const { receipt, set } = receiptOf(size);
  const json = receiptToJson(receipt);
  rows.push(
    { name: `${size} members: receipt, SSZ`, value: Receipt.serialize(receipt).length, unit: "bytes" },
    { name: `${size} members: receipt, JSON`, value: JSON.stringify(json).length, unit: "bytes" },
    ...rowsOf(`${size} members: Node`, timeReceipt(json, set)),
  );
  if (BROWSER !== undefined)
    rows.push(...rowsOf(`${size} members: browser`, await inBrowser(BROWSER, code, json, set)));
}
if (BROWSER === undefined) process.stdout.write("no Chromium: browsers were not measured\n");
report("receipts", rows);
