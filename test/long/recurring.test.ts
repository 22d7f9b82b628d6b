import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { assay } from "../scenarios/command.ts";
import { useNetwork } from "../scenarios/network.ts";
import { eventually } from "../scenarios/wait.ts";

/** Runs that the chain opens by itself, and a model without commitments, on a network of processes. */

const network = useNetwork({ offset: 5100, params: { "consensus.emptyBlockInterval": 250n } });

const MODEL = join(import.meta.dirname, "../fixtures/models/rf_cancer.onnx");
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "assay-recurring-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const node = (i = 0): readonly string[] => ["--node", network.rpc(i)];
const inFolder = (name: string): string => join(folder, name);

test("a model without commitments is final a block after its request, and its receipt says so", async () => {
  const inputs = inFolder("input.json");
  await assay("model", "register", MODEL, "--name", "quick", "--direct", "--inputs-out", inputs, ...node());
  const text = await assay("infer", "quick", "--inputs", inputs, "--json", ...node());
  const result = JSON.parse(text) as { status: string; receipt: { direct: boolean; requestedHeight: number } };
  expect(result).toMatchObject({ status: "FINAL", receipt: { direct: true } });
  writeFileSync(inFolder("result.json"), text);
  const height = String(result.receipt.requestedHeight);
  writeFileSync(inFolder("set.json"), await assay("query", "validator-set", "--height", height, ...node(1)));
  expect(await assay("verify", inFolder("result.json"), "--trust", inFolder("set.json"))).toMatch(/; not blind: /);
});

test("a schedule opens its runs, and its owner ends it", async () => {
  const schedule = ["--every", "3", "--runs", "50", "--max-fee", "100000uassay"];
  await assay("tx", "inference", "schedule", "quick", inFolder("input.json"), ...schedule, "--yes", ...node());
  const list = async () =>
    JSON.parse(await assay("query", "inference", "schedules", ...node(2))) as readonly {
      readonly schedule: string;
      readonly opened: string;
      readonly skipped: string;
    }[];
  await eventually("two runs", async () => (Number((await list())[0]?.opened ?? 0) >= 2 ? true : undefined));
  const [found] = await list();
  expect(found).toMatchObject({ schedule: "1", skipped: "0" });
  await assay("tx", "inference", "cancel-schedule", "1", "--yes", ...node());
  await eventually("the end", async () => ((await list()).length === 0 ? true : undefined));
  expect(JSON.parse(await assay("query", "inference", "prices", ...node()))).toMatchObject([{ tier: 0, price: "100" }]);
});
