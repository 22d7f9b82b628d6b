import "../node/ssz-hasher.ts";
import { readFileSync } from "node:fs";
import { accounts } from "../modules/auth/store.ts";
import { balances } from "../modules/bank/store.ts";
import { openLevelStore } from "../state/level-store.ts";
import { createOverlay } from "../state/overlay.ts";
import { addressOf } from "./sync-chain.ts";

/** Opens a state of many accounts as a node does, commits blocks that touch some of them, and says what that took. */
export interface AccountsOutcome {
  readonly openSeconds: number;
  /** Milliseconds, one for each block: the new root, and writing it to the disk. */
  readonly prepare: readonly number[];
  readonly commit: readonly number[];
  /** Memory of the process after opening and at the end, MiB: its own, and files of the database that are mapped into it. */
  readonly open: Memory;
  readonly end: Memory;
}

const [path = "", count = "", blocks = ""] = process.argv.slice(2);
const ACCOUNTS = Number(count);
/** An account and a balance each. */
const TOUCHED = 2000;

interface Memory {
  readonly own: number;
  readonly mapped: number;
}

function memory(): Memory {
  const status = readFileSync("/proc/self/status", "utf8");
  const field = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
  return { own: field("RssAnon"), mapped: field("RssFile") };
}

let seed = ACCOUNTS;
/** The same sequence at each run. */
function random(limit: number): number {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((seed / 2 ** 32) * limit);
}

const opening = performance.now();
const store = await openLevelStore(path, { retention: 100 });
const openSeconds = (performance.now() - opening) / 1000;
const open = memory();
const prepare: number[] = [];
const commit: number[] = [];
for (let block = 0; block < Number(blocks); block++) {
  const overlay = createOverlay(store.latest);
  const touched = new Set<number>();
  while (touched.size < Math.min(TOUCHED, ACCOUNTS)) touched.add(random(ACCOUNTS));
  for (const i of touched) {
    const account = accounts.get(store.latest, addressOf(i));
    if (account === undefined) throw new Error(`account ${i} is missing`);
    accounts.set(overlay, addressOf(i), { ...account, sequence: account.sequence + 1 });
    balances.set(overlay, [addressOf(i), "uassay"], (balances.get(store.latest, [addressOf(i), "uassay"]) ?? 0n) + 1n);
  }
  const begun = performance.now();
  const update = store.prepare(store.height + 1, overlay.changes());
  const prepared = performance.now();
  await store.commit(update, []);
  prepare.push(prepared - begun);
  commit.push(performance.now() - prepared);
}
const end = memory();
await store.close();
const outcome: AccountsOutcome = { openSeconds, prepare, commit, open, end };
process.stdout.write(JSON.stringify(outcome));
