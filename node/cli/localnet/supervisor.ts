import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import type { LocalNode } from "../../local-network.ts";

/** Enough to write out what is pending, and short enough to be waited for. */
const STOP_MS = 10_000;

/** A node's process that has ended. */
export interface NodeExit {
  readonly node: LocalNode;
  /** `exit code 1`, `signal SIGKILL`. */
  readonly reason: string;
}

export interface Supervisor {
  /** Resolves at the first node that ends without being told to. */
  readonly died: Promise<NodeExit>;
  /** Sends SIGINT to all that still run, and SIGKILL to those that take more than ten seconds; resolves with these. */
  stop(): Promise<readonly LocalNode[]>;
}

interface Running {
  readonly node: LocalNode;
  readonly child: ChildProcess;
  readonly ended: Promise<NodeExit>;
}

function startOne(node: LocalNode, command: readonly string[]): Running {
  const log = openSync(node.log, "a");
  // Its own process group, so that Ctrl-C in a terminal reaches it only through us; the IPC channel tells it when
  // this process is killed, so that no node is left behind.
  const child = spawn(process.execPath, command, { stdio: ["ignore", log, log, "ipc"], detached: true });
  closeSync(log);
  const { promise, resolve } = Promise.withResolvers<NodeExit>();
  child.once("error", (error) => resolve({ node, reason: error.message }));
  child.once("exit", (code, signal) => {
    resolve({ node, reason: signal === null ? `exit code ${code}` : `signal ${signal}` });
  });
  return { node, child, ended: promise };
}

async function stopOne({ child, ended }: Running, limitMs: number): Promise<boolean> {
  let killed = false;
  child.kill("SIGINT");
  const timer = setTimeout(() => {
    killed = true;
    child.kill("SIGKILL");
  }, limitMs);
  await ended;
  clearTimeout(timer);
  return killed;
}

/**
 * Starts one process for each node, writing to the node's log.
 * @param command arguments of this very Node binary that run a node.
 * @param stopMs how long a node may take to end after SIGINT.
 */
export function superviseNodes(
  nodes: readonly LocalNode[],
  command: (node: LocalNode) => readonly string[],
  stopMs: number = STOP_MS,
): Supervisor {
  const running = nodes.map((node) => startOne(node, command(node)));
  let stopping: Promise<readonly LocalNode[]> | undefined;
  const died = Promise.race(running.map(({ ended }) => ended));
  return {
    died,
    stop() {
      stopping ??= Promise.all(running.map((each) => stopOne(each, stopMs))).then((killed) => {
        return nodes.filter((_, i) => killed[i] === true);
      });
      return stopping;
    },
  };
}
