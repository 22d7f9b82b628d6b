import { readFileSync, renameSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { NodeConfig } from "../../node/config.ts";
import { homePaths, readConfig } from "../../node/home.ts";
import { useNetwork } from "../scenarios/network.ts";
import { call, signersAt } from "../scenarios/rpc.ts";
import { eventually } from "../scenarios/wait.ts";

/** Three validators that know each other, one that is private, its sentry, and somebody new. The last two do not vote. */
const OPEN = [0, 1, 2];
const PRIVATE = 3;
const SENTRY = 4;
const NEWCOMER = 5;
const ALL = [...OPEN, PRIVATE, SENTRY, NEWCOMER];

/** The three others are no quorum without the private one, so that no block is without its signature. */
const STAKE = 1_000_000_000_000n;
const SMALL = 1_000_000n;

interface NetInfo {
  readonly peers: readonly { readonly node_info: { readonly other: { readonly peer_id: string } } }[];
}

describe("a validator behind a sentry", () => {
  const network = useNetwork({
    offset: 4400,
    validators: ALL.length,
    stakes: [STAKE, STAKE, STAKE, 2n * STAKE, SMALL, SMALL],
    late: ALL,
    params: { "consensus.emptyBlockInterval": 250n, "slashing.signedBlocksWindow": 10_000n },
  });
  const paths = (i: number) => homePaths(network.local.nodes[i]?.home ?? "");
  const peersOf = async (i: number): Promise<string[]> =>
    (await call<NetInfo>(network.rpc(i), "net_info")).peers.map((peer) => peer.node_info.other.peer_id);

  function addresses(): string[] {
    const ofOthers = (i: number): readonly string[] => readConfig(paths(i).config).p2p.peers;
    // Each node lists all others in order, so the first is missing from its own list alone.
    return [ofOthers(1)[0] ?? "", ...ofOthers(0)];
  }

  function settle(i: number, p2p: Partial<NodeConfig["p2p"]>): void {
    network.configure(i, (config) => ({ ...config, p2p: { ...config.p2p, peers: [], allowPrivate: true, ...p2p } }));
  }

  test("signs through it and is known to nobody else; a new node finds the others from one address", async () => {
    const where = addresses();
    const ids = where.map((address) => address.split("/p2p/")[1] ?? "");
    const at = (i: number): string => where[i] ?? "";
    for (const i of [SENTRY, NEWCOMER]) renameSync(paths(i).voteKey, `${paths(i).voteKey}.aside`);
    for (const i of OPEN) settle(i, { peers: OPEN.filter((j) => j !== i).map(at) });
    settle(SENTRY, { bootstrap: [at(0)], peers: [at(PRIVATE)], privatePeers: [ids[PRIVATE] ?? ""] });
    settle(PRIVATE, { private: true, peers: [at(SENTRY)] });
    settle(NEWCOMER, { bootstrap: [at(0)] });
    for (const i of [...OPEN, SENTRY, PRIVATE]) network.start(i);
    await network.waitForHeight(PRIVATE, 3);

    network.start(NEWCOMER);
    const all = [...OPEN, SENTRY].map((i) => ids[i] ?? "");
    await eventually("the new node has found all that may be found", async () => {
      const found = await peersOf(NEWCOMER);
      return all.every((id) => found.includes(id)) ? true : undefined;
    });

    const { consensus } = network.validator(PRIVATE);
    const from = await network.height(NEWCOMER);
    await network.waitForHeight(NEWCOMER, from + 20);
    for (let height = from + 1; height <= from + 19; height++) {
      expect((await signersAt(network.rpc(NEWCOMER), height)).signed).toContain(consensus);
    }

    const hidden = ids[PRIVATE] ?? "none";
    const seen = new Map(await Promise.all(ALL.map(async (i) => [i, await peersOf(i)] as const)));
    expect(ALL.filter((i) => seen.get(i)?.includes(hidden))).toEqual([]);
    expect(seen.get(PRIVATE)).toEqual([ids[SENTRY]]);
    // The same look finds whoever does not hide.
    expect(ALL.filter((i) => seen.get(i)?.includes(ids[NEWCOMER] ?? "none"))).toEqual([...OPEN, SENTRY]);
    const metrics = await (
      await fetch(`http://127.0.0.1:${network.local.nodes[SENTRY]?.ports.metrics}/metrics`)
    ).text();
    expect(metrics).toContain("assay_");
    expect(metrics).not.toContain(hidden);

    for (const i of [NEWCOMER, SENTRY]) {
      await network.kill(i, "SIGTERM");
      const book = readFileSync(paths(i).addressBook, "utf8");
      expect(book).toContain(ids[1]);
      expect(book).not.toContain(hidden);
    }
  });
});
