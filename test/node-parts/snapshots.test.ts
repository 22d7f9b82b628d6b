import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LightBlock } from "../../chain/types/light-block.ts";
import { LightBlock as LightBlockType } from "../../chain/types/light-block.ts";
import { lightBlockId } from "../../consensus/light/verify.ts";
import { oldestBlock, readCertified } from "../../node/block-store.ts";
import { SnapshotManifest } from "../../node/snapshots/manifest.ts";
import { hasState } from "../../node/snapshots/restore.ts";
import { openSnapshotStore } from "../../node/snapshots/snapshot-store.ts";
import { UserError } from "../../node/user-error.ts";
import { ChunkRequest, SnapshotsResponse } from "../../node/wire.ts";
import { openLevelStore } from "../../state/level-store.ts";
import type { StateStore } from "../../state/store.ts";
import { at, HOUR, PARAMS, START } from "../light/chain-maker.ts";
import { BAN, chainOver, honestPeer, newNode, type Peer, stateOf } from "./snapshot-fixture.ts";

const root = mkdtempSync(join(tmpdir(), "assay-restore-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const emptyFolder = (): string => mkdtempSync(join(root, "node-"));

const S = 8;
let state: StateStore;
let chain: LightBlock[];
let honest: Peer;
let held: { readonly manifest: SnapshotManifest; readonly root: Uint8Array };

beforeAll(async () => {
  state = await stateOf(12_000, S);
  chain = chainOver(state, 12);
  ({ peer: honest, held } = await honestPeer(root, chain, state));
});

async function expectRestored(folder: string): Promise<void> {
  const store = await openLevelStore(join(folder, "state"), { retention: 5 });
  expect([store.height, store.root, oldestBlock(store)]).toEqual([S, state.root, S + 1]);
  expect(readCertified(store, S)?.block.header).toEqual(at(chain, S).header);
  await store.close();
  expect(readdirSync(folder).toSorted()).toEqual(["snapshots", "state"]);
}

test("the state is large enough to matter", () => {
  expect(held.manifest.chunks.length).toBeGreaterThan(1);
});

test.each([
  ["below the snapshot", 3],
  ["at the snapshot", S],
  ["just after the snapshot", S + 1],
  ["above the snapshot", 12],
])("an empty node begins with a snapshot when the trusted block is %s", async (_, trustHeight) => {
  const folder = emptyFolder();
  const { restoring, penalties, requests } = newNode(folder, { a: honest, b: honest }, chain, trustHeight);
  expect(hasState(folder)).toBe(false);
  expect(await restoring()).toBe(S);
  expect(hasState(folder)).toBe(true);
  await expectRestored(folder);
  expect(penalties.size).toBe(0);
  expect(new Set(requests.filter((one) => one.startsWith("chunk")))).toEqual(new Set(["chunk a", "chunk b"]));
});

test("validators that all change on the way are followed one by one", async () => {
  const changing = chainOver(state, 12, 2);
  const { peer } = await honestPeer(root, changing, state);
  const folder = emptyFolder();
  expect(await newNode(folder, { a: peer }, changing, 1).restoring()).toBe(S);
});

describe("a peer that lies is banned, and the node begins with what others give", () => {
  const forged = async (): Promise<{ lies: Peer; manifest: Uint8Array }> => {
    const other = await stateOf(12_000, S, 5n);
    const { peer, held: its } = await honestPeer(root, chain, other);
    const manifest = { ...its.manifest, stateRoot: state.root };
    const manifestRoot = SnapshotManifest.hashTreeRoot(manifest);
    const lies: Peer = async (protocol, request) => {
      if (protocol === "snapshots") {
        const { height, blockId } = manifest;
        return SnapshotsResponse.serialize([{ height, blockId, manifest: manifestRoot }]);
      }
      if (protocol === "chunk" && ChunkRequest.deserialize(request).isManifest)
        return SnapshotManifest.serialize(manifest);
      return peer(protocol, request);
    };
    return { lies, manifest: manifestRoot };
  };

  /** Answers what matters here only after the liar has been asked. */
  const late = (): Peer => {
    const asked = new Set<string>();
    return async (protocol, request) => {
      if (protocol === "snapshots") await new Promise((resolve) => setTimeout(resolve, 5));
      const key = `${protocol} ${Buffer.from(request).toString("hex")}`;
      if (asked.has(key) || protocol === "snapshots") return honest(protocol, request);
      asked.add(key);
      return undefined;
    };
  };

  test.each<[string, () => Promise<Peer>]>([
    [
      "chunks of other bytes",
      async () => async (protocol, request) => {
        const answer = await honest(protocol, request);
        if (protocol !== "chunk" || answer === undefined || ChunkRequest.deserialize(request).isManifest) return answer;
        return answer.map((byte, i) => (i === 100 ? byte ^ 1 : byte));
      },
    ],
    [
      "chunks over the bound",
      async () => async (protocol, request) =>
        protocol === "chunk" ? new Uint8Array(1_100_000) : honest(protocol, request),
    ],
    ["a manifest under the right header, of another state", async () => (await forged()).lies],
    [
      "a light block of another chain",
      async () => {
        const other = chainOver(await stateOf(10, S), 12);
        return async (protocol, request) => {
          if (protocol !== "light") return honest(protocol, request);
          const { height } = LightBlockType.deserialize((await honest(protocol, request)) ?? new Uint8Array(0)).header;
          return height === 3 ? honest(protocol, request) : LightBlockType.serialize(mutated(at(other, height)));
        };
      },
    ],
    [
      "an offer for a block that is not of the chain",
      async () => {
        const other = chainOver(await stateOf(10, S), 12);
        const { peer } = await honestPeer(root, other, await stateOf(10, S));
        return async (protocol, request) =>
          protocol === "snapshots" ? peer(protocol, request) : honest(protocol, request);
      },
    ],
    [
      "bytes that are nothing",
      async () => async (protocol) => (protocol === "light" ? undefined : Uint8Array.of(1, 2, 3)),
    ],
  ])("%s", async (_, makeLiar) => {
    const folder = emptyFolder();
    const { restoring, penalties } = newNode(folder, { l: await makeLiar(), a: late() }, chain, 3);
    expect(await restoring()).toBe(S);
    await expectRestored(folder);
    expect(penalties.get("a")).toBeUndefined();
    expect(penalties.get("l")).toBeGreaterThan(0);
  });

  test("alone with a liar, a node gets no state at all", async () => {
    const folder = emptyFolder();
    const { restoring, penalties } = newNode(folder, { l: (await forged()).lies }, chain, 3);
    await expect(restoring()).rejects.toThrow(/no connected peer offers a snapshot/);
    expect(penalties.get("l")).toBeGreaterThanOrEqual(BAN);
    expect(hasState(folder)).toBe(false);
  });
});

test("who offers a new snapshot each time and gives none holds a node up for one attempt", async () => {
  let offered = 0;
  const promises: Peer = async (protocol, request) => {
    if (protocol !== "snapshots") return protocol === "chunk" ? undefined : honest(protocol, request);
    const block = at(chain, S + 1);
    const manifest = new Uint8Array(32).fill(++offered);
    return SnapshotsResponse.serialize([{ height: S + 1, blockId: lightBlockId(block), manifest }]);
  };
  const folder = emptyFolder();
  const { restoring, penalties } = newNode(folder, { p: promises, a: honest }, chain, 3);
  expect(await restoring()).toBe(S);
  expect(offered).toBe(2);
  expect(penalties.get("a")).toBeUndefined();
  await expectRestored(folder);
});

/** A set that signed nothing of it. */
function mutated(block: LightBlock): LightBlock {
  return { ...block, commit: { ...block.commit, signature: new Uint8Array(96).fill(1) } };
}

describe("what the operator has to put right", () => {
  const env = (now: number) => ({ env: { params: PARAMS, bls: { verifyAggregate: () => true }, now: () => now } });

  test.each<[string, number, RegExp]>([
    [
      "too old",
      START + 5 * HOUR,
      /the trusted block 3 is 17970 seconds old, more than the 14400 seconds .* take a newer block/,
    ],
    ["ahead of the clock", START, /the trusted block 3 is 30 seconds ahead of this machine's clock: set the clock/],
  ])("a trusted block that is %s", async (_, now, message) => {
    const folder = emptyFolder();
    const { restoring } = newNode(folder, { a: honest }, chain, 3, env(now));
    await expect(restoring()).rejects.toThrow(UserError);
    await expect(restoring()).rejects.toThrow(message);
    expect(hasState(folder)).toBe(false);
  });

  test("an id that no peer's block has", async () => {
    const trust = { height: 3, blockId: new Uint8Array(32).fill(1) };
    const { restoring, penalties } = newNode(emptyFolder(), { a: honest, b: honest }, chain, 3, { trust });
    await expect(restoring()).rejects.toThrow(/peers have no block 3 with the id 0101.*check sync.trustHash/);
    expect(penalties.size).toBe(0);
  });

  test("a block that peers have pruned", async () => {
    const { peer } = await honestPeer(root, chain, state, S);
    const { restoring } = newNode(emptyFolder(), { a: peer }, chain, 3);
    await expect(restoring()).rejects.toThrow(/no peer has block 3 .* take a newer block/);
    const folder = emptyFolder();
    expect(await newNode(folder, { a: peer }, chain, 12).restoring()).toBe(S);
  });

  test("peers without snapshots", async () => {
    const none: Peer = async (protocol, request) =>
      protocol === "snapshots" ? SnapshotsResponse.serialize([]) : honest(protocol, request);
    await expect(newNode(emptyFolder(), { a: none }, chain, 3).restoring()).rejects.toThrow(
      /no connected peer offers a snapshot .* snapshots.interval/,
    );
  });
});

test("a restore that is broken off leaves no state, and the next attempt asks only for what is missing", async () => {
  const folder = emptyFolder();
  const stopping = new AbortController();
  let left = 1;
  const slow: Peer = async (protocol, request) => {
    if (protocol === "chunk" && !ChunkRequest.deserialize(request).isManifest && left-- <= 0) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      stopping.abort();
      return undefined;
    }
    return honest(protocol, request);
  };
  await expect(newNode(folder, { a: slow }, chain, 3).restoring(stopping.signal)).rejects.toThrow();
  expect([hasState(folder), existsSync(join(folder, "state"))]).toEqual([false, false]);
  const again = newNode(folder, { a: honest }, chain, 3);
  await again.restoring();
  await expectRestored(folder);
  const chunks = again.requests.filter((one) => one === "chunk a").length - 1;
  expect(chunks).toBe(held.manifest.chunks.length - 1);
});

test("snapshots: the newest are kept with the chunks they share, and damage is noticed", async () => {
  const folder = mkdtempSync(join(root, "held-"));
  const store = openSnapshotStore(folder);
  const shared = await store.putChunk(Uint8Array.of(1));
  const own = await Promise.all([2, 3, 4].map((n) => store.putChunk(Uint8Array.of(n))));
  for (const [i, hash] of own.entries()) {
    await store.add({ ...SnapshotManifest.defaultValue(), height: 10 * (i + 1), chunks: [shared, hash] });
  }
  await store.retain(2);
  const again = openSnapshotStore(folder);
  expect(again.list().map(({ manifest }) => manifest.height)).toEqual([30, 20]);
  expect(await Promise.all([shared, ...own].map(async (hash) => (await again.chunk(hash)) !== undefined))).toEqual([
    true,
    false,
    true,
    true,
  ]);
  expect(readdirSync(join(folder, "chunks"))).toHaveLength(3);
});
