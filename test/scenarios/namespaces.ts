import { execFileSync } from "node:child_process";
import { homePaths, readConfig, writeJson } from "../../node/home.ts";
import type { LocalNode } from "../../node/local-network.ts";
import type { Links } from "./links.ts";

function ip(...args: readonly string[]): void {
  execFileSync("ip", args, { stdio: "pipe" });
}

/** Why this machine can't give each node a network of its own, or undefined where it can. */
export function whyNoNamespaces(): string | undefined {
  if (process.platform !== "linux") return `${process.platform} has no network namespaces`;
  const name = `assay-probe-${process.pid}`;
  try {
    ip("netns", "add", name);
    ip("netns", "del", name);
    return undefined;
  } catch (error) {
    return `network namespaces take root and iproute2 (${String(error).split("\n").at(0)?.slice(0, 80)})`;
  }
}

/** An address that nobody has: what is sent there is lost without a word, unlike with a route that is taken away. */
const NOBODY = "02:00:00:00:00:01";

/**
 * Gives each node a network namespace with an address of its own on one bridge, before they are started. A link is cut by giving its two ends
 * a wrong hardware address for each other: packets are then truly lost, with all that TCP makes of it.
 */
export function linkByNamespaces(nodes: readonly LocalNode[]): Links {
  const bridge = `asb${process.pid}`;
  const subnet = `10.77.${process.pid % 250}`;
  const name = (i: number): string => `assay-${process.pid}-${i}`;
  const address = (i: number): string => `${subnet}.${10 + i}`;

  function close(): void {
    for (const i of nodes.keys()) ip("netns", "del", name(i));
    ip("link", "del", bridge);
  }

  function addNode(i: number): void {
    const outer = `as${process.pid}-${i}`;
    ip("netns", "add", name(i));
    ip("link", "add", outer, "type", "veth", "peer", "name", "eth0", "netns", name(i));
    ip("link", "set", outer, "master", bridge, "up");
    ip("-n", name(i), "addr", "add", `${address(i)}/24`, "dev", "eth0");
    ip("-n", name(i), "link", "set", "eth0", "up");
    ip("-n", name(i), "link", "set", "lo", "up");
  }

  /** The node's own address, and those of its peers, in the place of loopback's. */
  function move(i: number, { home }: LocalNode): void {
    const file = homePaths(home).config;
    const config = readConfig(file);
    const own = (multiaddr: string, owner: number): string => multiaddr.replace("/127.0.0.1/", `/${address(owner)}/`);
    const ownerOf = (multiaddr: string): number =>
      nodes.findIndex(({ ports }) => multiaddr.includes(`/tcp/${ports.p2p}/`));
    writeJson(file, {
      ...config,
      rpc: { ...config.rpc, host: address(i) },
      metrics: { ...config.metrics, host: address(i) },
      p2p: {
        ...config.p2p,
        listen: own(config.p2p.listen, i),
        peers: config.p2p.peers.map((peer) => own(peer, ownerOf(peer))),
      },
    });
  }

  const directions = (i: number, j: number): readonly (readonly [number, number])[] => [
    [i, j],
    [j, i],
  ];
  ip("link", "add", bridge, "type", "bridge");
  ip("addr", "add", `${subnet}.1/24`, "dev", bridge);
  ip("link", "set", bridge, "up");
  for (const [i, node] of nodes.entries()) {
    addNode(i);
    move(i, node);
  }
  return {
    cut(i, j) {
      for (const [from, to] of directions(i, j)) {
        ip("-n", name(from), "neigh", "replace", address(to), "lladdr", NOBODY, "dev", "eth0", "nud", "permanent");
      }
    },
    mend(i, j) {
      for (const [from, to] of directions(i, j)) ip("-n", name(from), "neigh", "del", address(to), "dev", "eth0");
    },
    close: async () => close(),
    command: (i) => ["ip", "netns", "exec", name(i)],
    host: address,
  };
}
