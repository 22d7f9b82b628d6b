import { readFileSync } from "node:fs";
import { createServer, connect as dial, type Server, type Socket } from "node:net";
import { homePaths, writeJson } from "../../node/home.ts";
import type { LocalNode } from "../../node/local-network.ts";

/**
 * The connections that one node opens to another, through a process that can hold them up: what is sent over a cut link waits, as it does
 * when packets are lost, and nobody is told that the line is dead.
 */
export interface Link {
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
}

async function openLink(port: number, target: number): Promise<Link> {
  const pairs = new Set<Pair>();
  let isCut = false;

  function flow({ near, far }: Pair): void {
    near.pipe(far);
    far.pipe(near);
  }

  function stop({ near, far }: Pair): void {
    near.unpipe(far);
    far.unpipe(near);
    near.pause();
    far.pause();
  }

  const server: Server = createServer((near) => {
    const pair: Pair = { near, far: dial(target, "127.0.0.1") };
    pairs.add(pair);
    for (const [one, other] of [
      [pair.near, pair.far],
      [pair.far, pair.near],
    ] as const) {
      // A node that goes away resets its side; the other side has to hear of it, as it would without us.
      one.on("error", () => other.destroy());
      one.on("close", () => {
        other.destroy();
        pairs.delete(pair);
      });
    }
    if (!isCut) flow(pair);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    cut() {
      isCut = true;
      for (const pair of pairs) stop(pair);
    },
    mend() {
      isCut = false;
      for (const pair of pairs) flow(pair);
    },
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const { near, far } of pairs) {
        near.destroy();
        far.destroy();
      }
      return closed;
    },
  };
}

/** All links of a network, by the numbers of the two nodes. */
export interface Links {
  /** Both directions between two nodes. */
  cut(i: number, j: number): void;
  mend(i: number, j: number): void;
  close(): Promise<void>;
  /** What starts a program where the node is, in front of its command line. */
  command?(i: number): readonly string[];
  /** Where the node is; loopback if not given. */
  host?(i: number): string;
}

const PORT_SHIFT = 400;

/** Rewrites the nodes' settings, before they are started, so that each dials every other through a link of its own. */
export async function linkNodes(nodes: readonly LocalNode[]): Promise<Links> {
  const links = new Map<string, Link>();
  for (const [i, { home, ports }] of nodes.entries()) {
    const file = homePaths(home).config;
    const config = JSON.parse(readFileSync(file, "utf8")) as { p2p: { peers: string[] } };
    const others = [...nodes.keys()].filter((j) => j !== i);
    for (const [place, j] of others.entries()) {
      const target = nodes[j]?.ports.p2p ?? 0;
      const port = ports.p2p + PORT_SHIFT + 20 * i + j;
      links.set(`${i}-${j}`, await openLink(port, target));
      config.p2p.peers[place] = config.p2p.peers[place]?.replace(`/tcp/${target}/`, `/tcp/${port}/`) ?? "";
    }
    writeJson(file, config);
  }
  const both = (i: number, j: number): Link[] =>
    [`${i}-${j}`, `${j}-${i}`].map((name) => {
      const link = links.get(name);
      if (link === undefined) throw new Error(`there is no link ${name}`);
      return link;
    });
  return {
    cut(i, j) {
      for (const link of both(i, j)) link.cut();
    },
    mend(i, j) {
      for (const link of both(i, j)) link.mend();
    },
    async close() {
      await Promise.all([...links.values()].map((link) => link.close()));
    },
  };
}
