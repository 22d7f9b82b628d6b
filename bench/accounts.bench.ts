import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NODE_FLAGS } from "../bin/node-flags.mjs";
import "../node/ssz-hasher.ts";
import type { AccountsOutcome } from "./accounts-child.ts";
import { quantile, type Row, report } from "./report.ts";
import { makeState } from "./sync-chain.ts";

/** What a block that touches 4,000 keys costs the state, and what the state takes of memory, with few accounts and with many. */
const SIZES = (process.env.ACCOUNTS ?? "10000,5000000").split(",").map(Number);
const BLOCKS = 60;
const CHILD = join(import.meta.dirname, "accounts-child.ts");

async function measure(accounts: number, folder: string): Promise<Row[]> {
  const path = join(folder, String(accounts));
  const begun = performance.now();
  await makeState(path, accounts, 1);
  const built = (performance.now() - begun) / 1000;
  const bytes = Number(execFileSync("du", ["-sb", path], { encoding: "utf8" }).split("\t")[0]);
  const text = execFileSync(process.execPath, [...NODE_FLAGS, CHILD, path, String(accounts), String(BLOCKS)], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  rmSync(path, { recursive: true });
  const { openSeconds, prepare, commit, open, end } = JSON.parse(text) as AccountsOutcome;
  const both = prepare.map((ms, i) => ms + (commit[i] ?? 0));
  const of = `${accounts.toLocaleString("en")} accounts:`;
  return [
    { name: `${of} built in`, value: built, unit: "s" },
    { name: `${of} on the disk, an account`, value: bytes / accounts, unit: "bytes" },
    { name: `${of} opened in`, value: openSeconds, unit: "s" },
    { name: `${of} root and commit of 4,000 keys, p50`, value: quantile(both, 0.5), unit: "ms", aim: "≤ 150" },
    { name: `${of} of it the root, p50`, value: quantile(prepare, 0.5), unit: "ms" },
    { name: `${of} root and commit, p95`, value: quantile(both, 0.95), unit: "ms" },
    { name: `${of} memory once open`, value: open.own, unit: "MiB" },
    { name: `${of} memory after ${BLOCKS} blocks`, value: end.own, unit: "MiB", aim: "≤ 500" },
    { name: `${of} files mapped into it besides`, value: end.mapped, unit: "MiB" },
  ];
}

const folder = mkdtempSync(join(tmpdir(), "assay-bench-accounts-"));
try {
  const rows: Row[] = [];
  for (const size of SIZES) rows.push(...(await measure(size, folder)));
  report("accounts", rows);
} finally {
  rmSync(folder, { recursive: true });
}
