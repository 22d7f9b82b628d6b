import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toHex } from "../../chain/bytes.ts";
import type { Params } from "../../chain/params.ts";
import type { SignedProposal } from "../../chain/types/block.ts";
import type { Vote } from "../../chain/types/vote.ts";
import { createDriver, type Driver } from "../../consensus/driver/driver.ts";
import type { Clock, ConsensusLog, ConsensusSigner } from "../../consensus/driver/ports.ts";
import type { SignPoint } from "../../consensus/signer/sign-state.ts";
import { createSigner, type FileSigner } from "../../consensus/signer/signer.ts";
import { createWal, type WalPoint } from "../../consensus/wal/wal.ts";
import { type FakeApp, fakeApp, GENESIS_TIME, testParams } from "./fake-app.ts";
import { bls, idOf, type Member, members, spec } from "./fixture.ts";

/** Virtual time. `advance` runs what falls due, in order, and lets everything settle after each step. */
export interface FakeClock extends Clock {
  advance(ms: number): Promise<void>;
}

export function fakeClock(settle: () => Promise<void>): FakeClock {
  let now = GENESIS_TIME;
  let serial = 0;
  const timers = new Map<number, { readonly at: number; readonly callback: () => void }>();
  return {
    now: () => now,
    after(ms, callback) {
      const id = serial++;
      timers.set(id, { at: now + Math.ceil(ms), callback });
      return () => timers.delete(id);
    },
    async advance(ms) {
      const end = now + ms;
      for (;;) {
        await settle();
        const due = [...timers].filter(([, { at }]) => at <= end).sort(([a, x], [b, y]) => x.at - y.at || a - b)[0];
        if (due === undefined) break;
        const [id, { at, callback }] = due;
        timers.delete(id);
        now = Math.max(now, at);
        callback();
      }
      now = end;
    },
  };
}

export interface TestNode {
  readonly app: FakeApp;
  driver: Driver;
  up: boolean;
  readonly faults: unknown[];
}

type Sent = { readonly from: number } & ({ readonly vote: Vote } | { readonly proposal: SignedProposal });

/** What nodes of a test keep on disk and put in the log. */
export interface TestNetwork {
  readonly set: readonly Member[];
  readonly nodes: readonly TestNode[];
  readonly clock: FakeClock;
  readonly sent: Sent[];
  readonly logged: string[];
  /** Whether a message gets through; all do unless a test says otherwise. */
  deliver: (sent: Sent, to: number) => boolean;
  /** Nodes whose signers keep silent; none unless a test says otherwise. */
  readonly paused: Set<number>;
  /** Every driver stops once this block is committed. */
  lastHeight: number;
  /** Numbers of the nodes whose drivers have stopped so. */
  readonly halted: number[];
  crash(index: number): Promise<void>;
  restart(index: number): Promise<void>;
  /** Once: every node that runs gets the blocks, votes and proposals it lacks from the others, as sync does. */
  sync(): Promise<void>;
  /** Where a node's log and its sign state are. */
  walPath(index: number): string;
  signPath(index: number): string;
  /** Advances virtual time until the condition holds; throws when it does not within `limit` milliseconds. */
  until(condition: () => boolean, limit?: number): Promise<void>;
  close(): Promise<void>;
}

/** How a node's files are to behave. */
interface FileOptions {
  readonly compactBytes?: number;
  readonly failpoint?: (point: WalPoint | SignPoint) => void;
}

/** Real drivers, logs and sign states over a fake application, clock and network. */
export function testNetwork(
  powers: readonly bigint[],
  overrides: Readonly<Record<string, bigint>> = {},
  files: (index: number) => FileOptions = () => ({}),
): TestNetwork {
  const set = members(powers);
  const params: Params = testParams({ blockInterval: 10n, ...overrides });
  const folder = mkdtempSync(join(tmpdir(), "assay-consensus-"));
  const signers: (FileSigner | undefined)[] = [];
  const sent: Sent[] = [];
  const logged: string[] = [];
  const paused = new Set<number>();
  let inFlight = 0;
  let activity = 0;

  function tracked<T>(promise: Promise<T>): Promise<T> {
    inFlight++;
    return promise.finally(() => {
      inFlight--;
      activity++;
    });
  }

  async function settle(): Promise<void> {
    for (let quiet = 0, seen = activity; quiet < 4; quiet++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (inFlight > 0 || activity !== seen) quiet = 0;
      seen = activity;
    }
  }

  const clock = fakeClock(settle);
  const write = (fields: object, message: string): void => {
    logged.push(`${message} ${JSON.stringify(fields)}`);
  };
  const log: ConsensusLog = { debug: () => undefined, info: write, warn: write, error: write };

  function trackedSigner(index: number, signer: FileSigner): ConsensusSigner {
    signers[index] = signer;
    return {
      publicKey: signer.publicKey,
      get lastSigned() {
        return signer.lastSigned;
      },
      get paused() {
        return paused.has(index);
      },
      signVote: (type, data) => tracked(signer.signVote(type, data)),
      signProposal: (data) => tracked(signer.signProposal(data)),
      randaoReveal: (height) => signer.randaoReveal(height),
    };
  }

  function makeDriver(index: number, app: FakeApp, faults: unknown[]): Driver {
    const { key } = set[index] as Member;
    const options = { secretKey: key, genesisRoot: spec.genesisRoot, failpoint: files(index).failpoint };
    const signer = createSigner({ path: join(folder, `sign-${index}`), ...options });
    const wal = createWal({ path: join(folder, `wal-${index}`), genesisRoot: spec.genesisRoot, ...files(index) });
    return createDriver({
      app,
      signer: trackedSigner(index, signer),
      network: {
        broadcastProposal: (proposal) => send({ from: index, proposal }),
        broadcastVote: (vote) => send({ from: index, vote }),
      },
      clock,
      wal: { ...wal, sync: () => tracked(wal.sync()) },
      bls,
      log,
      onFault: (error) => faults.push(error),
      isLast: ({ height }) => height >= network.lastHeight,
      onLast: () => void network.halted.push(index),
    });
  }

  const nodes: TestNode[] = set.map((_, index) => {
    const app = fakeApp(set, params);
    const faults: unknown[] = [];
    return { app, driver: makeDriver(index, app, faults), up: false, faults };
  });

  function send(message: Sent): void {
    sent.push(message);
    activity++;
    for (const [to, node] of nodes.entries()) {
      if (to === message.from || !node.up || !network.deliver(message, to)) continue;
      const from = `node${message.from}`;
      // Not waited for: a verdict on a message for the next height comes when that height begins.
      void ("vote" in message
        ? node.driver.onVote(message.vote, from)
        : node.driver.onProposal(message.proposal, from));
    }
  }

  const network: TestNetwork = {
    set,
    nodes,
    clock,
    sent,
    logged,
    paused,
    deliver: () => true,
    lastHeight: Number.POSITIVE_INFINITY,
    halted: [],
    async crash(index) {
      const node = nodes[index] as TestNode;
      node.up = false;
      await node.driver.stop();
      signers[index]?.close();
    },
    async restart(index) {
      const node = nodes[index] as TestNode;
      node.driver = makeDriver(index, node.app, node.faults);
      node.up = true;
      await node.driver.start();
    },
    async sync() {
      for (const node of nodes.filter(({ up }) => up)) {
        for (const peer of nodes.filter((other) => other.up && other !== node)) {
          for (let height = node.app.tip.height + 1; height <= peer.app.tip.height; height++) {
            const block = peer.app.certifiedBlock(height);
            if (block !== undefined) await node.driver.certified(block);
          }
          const { height, round } = node.driver.status();
          const proposal = peer.driver.proposal(height, round);
          if (proposal !== undefined) void node.driver.onProposal(proposal, "sync");
          for (const vote of peer.driver.votes(height, round)) void node.driver.onVote(vote, "sync");
        }
      }
    },
    walPath: (index) => join(folder, `wal-${index}`),
    signPath: (index) => join(folder, `sign-${index}`),
    async until(condition, limit = 600_000) {
      for (let elapsed = 0; !condition(); elapsed += 10) {
        if (elapsed > limit) throw new Error(`nothing came of it in ${limit} ms; ${logged.slice(-5).join("\n")}`);
        await clock.advance(10);
      }
    },
    async close() {
      for (const [index, node] of nodes.entries()) if (node.up) await network.crash(index);
      rmSync(folder, { recursive: true });
    },
  };
  return network;
}

export async function startAll(network: TestNetwork, which?: readonly number[]): Promise<void> {
  for (const [index, node] of network.nodes.entries()) if (which?.includes(index) ?? true) node.up = true;
  for (const node of network.nodes) if (node.up) await node.driver.start();
}

/** Lowest height among the nodes that run. */
export function lowest(network: TestNetwork): number {
  return Math.min(...network.nodes.filter(({ up }) => up).map(({ app }) => app.tip.height));
}

/** Ids of the blocks of a node's chain. */
export function chainIds(node: TestNode): readonly string[] {
  return node.app.chain.map(({ block }) => toHex(idOf(block)));
}

/** What validators said twice in different ways, over all that was ever sent. Empty while everyone is correct. */
export function contradictions(network: TestNetwork): readonly string[] {
  const said = new Map<string, string>();
  const found: string[] = [];
  for (const message of network.sent) {
    const { height, round, blockId } = "vote" in message ? message.vote : message.proposal.proposal;
    const type = "vote" in message ? message.vote.type : 0;
    const key = `validator ${message.from} at ${height}/${round}, type ${type}`;
    const before = said.get(key);
    if (before !== undefined && before !== toHex(blockId)) found.push(key);
    said.set(key, toHex(blockId));
  }
  return found;
}
