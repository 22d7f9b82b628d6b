import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLevelStore } from "../state/level-store.ts";
import { createOverlay } from "../state/overlay.ts";
import { verifyStateProof } from "../state/proof.ts";
import type { StateStore, StoredValue } from "../state/store.ts";

/** What a block costs the state: prepare and commit of 100 changes over stores of several sizes, on level, synced. */
const SIZES = [10_000, 100_000];
const CHANGES = 100;
const COMMITS = 200;
const READS = 20_000;
const RETENTION = 50;

const digest = (text: string): Uint8Array => new Uint8Array(createHash("sha256").update(text).digest());

function keyOf(i: number): Uint8Array {
  return Uint8Array.of(2, 0, ...digest(`key ${i}`).subarray(0, 20));
}

function valueFor(text: string): StoredValue {
  return { bytes: digest(text), root: digest(`root of ${text}`) };
}

/** The same sequence at each run. */
function sequence(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

const sorted = (times: number[]): number[] => times.toSorted((a, b) => a - b);
const quantile = (times: number[], q: number): number => sorted(times)[Math.floor(times.length * q)] ?? 0;
const microseconds = (from: number, count: number): string => (((performance.now() - from) / count) * 1000).toFixed(1);

async function fill(store: StateStore, size: number): Promise<void> {
  const overlay = createOverlay(store.latest);
  for (let i = 0; i < size; i++) overlay.set(keyOf(i), valueFor(`first ${i}`));
  await store.commit(store.prepare(0, overlay.changes()), []);
}

async function measure(size: number, folder: string): Promise<Record<string, string | number>> {
  const path = join(folder, String(size));
  let store = await openLevelStore(path, { retention: RETENTION });
  const filling = performance.now();
  await fill(store, size);
  const filled = performance.now() - filling;
  await store.close();
  const opening = performance.now();
  store = await openLevelStore(path, { retention: RETENTION });
  const opened = performance.now() - opening;

  const random = sequence(size);
  const prepare: number[] = [];
  const commit: number[] = [];
  for (let block = 1; block <= COMMITS; block++) {
    const overlay = createOverlay(store.latest);
    for (let i = 0; i < CHANGES; i++) overlay.set(keyOf(random(size)), valueFor(`${block} ${i}`));
    const started = performance.now();
    const update = store.prepare(block, overlay.changes());
    const prepared = performance.now();
    await store.commit(update, []);
    prepare.push(prepared - started);
    commit.push(performance.now() - prepared);
  }
  const total = [...prepare, ...commit].reduce((sum, time) => sum + time, 0);

  const keys = Array.from({ length: READS }, () => keyOf(random(size)));
  const latest = performance.now();
  for (const key of keys) store.latest.get(key);
  const latestCost = microseconds(latest, READS);
  const past = store.at(store.oldestHeight);
  const walking = performance.now();
  for (const key of keys) past?.get(key);
  const pastCost = microseconds(walking, READS);
  const key = keyOf(1);
  const proof = store.prove(key, store.height);
  const verifying = performance.now();
  if (proof?.leaf !== undefined) for (let i = 0; i < 200; i++) verifyStateProof(store.root, key, proof.leaf, proof);
  const verified = microseconds(verifying, 200);
  await store.close();
  return {
    keys: size,
    "fill ms": filled.toFixed(0),
    "open ms": opened.toFixed(0),
    "prepare p50 ms": quantile(prepare, 0.5).toFixed(2),
    "prepare p95 ms": quantile(prepare, 0.95).toFixed(2),
    "commit p50 ms": quantile(commit, 0.5).toFixed(2),
    "commit p95 ms": quantile(commit, 0.95).toFixed(2),
    "commits/s": ((COMMITS * 1000) / total).toFixed(0),
    "get µs": latestCost,
    "past get µs": pastCost,
    "verify µs": verified,
    siblings: proof?.siblings.length ?? 0,
  };
}

const folder = await mkdtemp(join(tmpdir(), "assay-bench-state-"));
try {
  const rows = [];
  for (const size of SIZES) rows.push(await measure(size, folder));
  console.table(rows);
} finally {
  await rm(folder, { recursive: true });
}
