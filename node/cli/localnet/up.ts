import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { type LocalNetwork, type LocalNetworkOptions, type LocalNode, makeLocalNetwork } from "../../local-network.ts";
import { UserError } from "../../user-error.ts";
import type { Io } from "../command.ts";
import { type StopSignal, stopSignal } from "../stop-signal.ts";
import { banner } from "./banner.ts";
import { firstBlock } from "./first-block.ts";
import { lockFolder } from "./lock.ts";
import { checkPorts } from "./ports.ts";
import { type NodeExit, superviseNodes } from "./supervisor.ts";

/** How long the first block may take: the processes start, load their libraries, connect and vote. */
const FIRST_BLOCK_MS = 90_000;

export interface UpOptions extends LocalNetworkOptions {
  /** Arguments of this very Node binary that run a node. */
  readonly command: (node: LocalNode) => readonly string[];
  /** Runs when the network has its first block, before it is announced; `signal` when the network is being stopped. */
  readonly prepare?: (network: LocalNetwork, signal: AbortSignal) => Promise<void>;
  /** How long the first block may take, in milliseconds. */
  readonly limitMs?: number;
}

function diedError({ node, reason }: NodeExit): UserError {
  return new UserError(`${node.moniker} ended unexpectedly (${reason}), so the network stops: see ${node.log}`);
}

/** Starts everything and announces it; resolves when the network is to stop. */
async function runUntilStopped(network: LocalNetwork, signal: StopSignal, options: UpOptions, io: Io): Promise<void> {
  const abort = new AbortController();
  const supervisor = superviseNodes(network.nodes, options.command);
  const stopped = signal.stopped.then((reason) => ({ reason }));
  const died = supervisor.died.then((exit): never => {
    throw diedError(exit);
  });
  const started = (async () => {
    const [first] = network.nodes;
    if (first === undefined) throw new Error("a network without nodes");
    if ((await firstBlock(first.rpc, options.limitMs ?? FIRST_BLOCK_MS, abort.signal)) === undefined) return;
    await options.prepare?.(network, abort.signal);
    const { length } = network.nodes;
    const [what, them] = length === 1 ? ["validator", "it"] : ["validators", "them"];
    if (!abort.signal.aborted) io.out(`ready: ${length} ${what}, ${first.rpc} (Ctrl-C stops ${them})`);
  })();
  try {
    const early = await Promise.race([stopped, died, started]);
    const { reason } = early ?? (await Promise.race([stopped, died]));
    io.err(`stopping ${network.nodes.length === 1 ? "the node" : `${network.nodes.length} nodes`}: ${reason}`);
  } finally {
    abort.abort();
    const killed = await supervisor.stop();
    for (const node of killed) io.err(`${node.moniker} did not stop within 10 s and was killed: see ${node.log}`);
    died.catch(() => {}); // Every node has ended by now; the first one was reported if nobody asked it to.
    started.catch(() => {}); // A start that was cut short has nothing to say.
  }
  io.err("all nodes stopped");
}

/**
 * Makes or resumes a local network, runs a process for each validator and stops them all at Ctrl-C.
 * @throws UserError when the folder or a port is in use, or a node ends by itself.
 */
export async function localnetUp(options: UpOptions, io: Io): Promise<void> {
  const dir = resolve(options.dir);
  mkdirSync(dir, { recursive: true });
  // First of all, so that Ctrl-C at any moment still gives the folder free.
  const signal = stopSignal();
  let unlock: (() => void) | undefined;
  try {
    unlock = lockFolder(dir);
    const network = await makeLocalNetwork(options);
    await checkPorts(network.nodes);
    io.out(banner(network));
    await runUntilStopped(network, signal, options, io);
  } finally {
    unlock?.();
    signal.dispose();
  }
}
