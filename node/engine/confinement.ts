import { spawnSync } from "node:child_process";
import { readlinkSync } from "node:fs";

/** What this system lets an engine process be started under, beyond the flags of its Node. */
export interface Confinement {
  /**
   * Program and arguments to put before the engine's own; empty where there is none. Each program in it replaces itself with the
   * next (execve), so that the process that is killed, watched and counted is the engine itself.
   */
  readonly wrapper: readonly string[];
  /** Whether the process has a network namespace of its own, in which nothing is reachable. */
  readonly networkIsolated: boolean;
  /** Whether the kernel kills the process when its parent ends; elsewhere a thread of the process has to. */
  readonly diesWithParent: boolean;
}

/** Nothing beyond the flags of Node. */
export const UNCONFINED: Confinement = { wrapper: [], networkIsolated: false, diesWithParent: false };

/** SIGKILL at the parent's end, and no program that it executes can raise its rights (util-linux). */
const DIE_WITH_PARENT = ["setpriv", "--no-new-privs", "--pdeathsig", "KILL"] as const;

/**
 * Ways to a network namespace, best first: without any capability, as an ordinary user whom the system lets have a user namespace; with those of
 * that namespace alone; with the node's own. A user namespace also keeps the node's memory and environment from the process.
 */
const NAMESPACES = [
  ["unshare", "--user", "--net", "--map-user=65534", "--map-group=65534"],
  ["unshare", "--user", "--net", "--map-root-user"],
  ["unshare", "--net"],
] as const;

const PROBE_TIMEOUT_MS = 5000;

/** Starts a program that ends at once; what it printed, undefined when it failed. For tests. */
export type Probe = (command: readonly string[]) => string | undefined;

function runProbe([program, ...args]: readonly string[]): string | undefined {
  if (program === undefined) return undefined;
  const { status, stdout } = spawnSync(program, args, { env: {}, encoding: "utf8", timeout: PROBE_TIMEOUT_MS });
  return status === 0 ? stdout.trim() : undefined;
}

/**
 * Tries what the system permits by starting small programs (about 5 ms each, at most one for each way). A namespace counts only if it
 * is seen to be another one and `readable` files can still be read from inside.
 * @param here the network namespace of this process, as /proc shows it; empty where there are none.
 */
export function probeConfinement(
  readable: readonly string[],
  probe: Probe = runProbe,
  here = ownNamespace(),
): Confinement {
  if (here === "") return UNCONFINED;
  const diesWithParent = probe([...DIE_WITH_PARENT, "true"]) !== undefined;
  const inner = diesWithParent ? DIE_WITH_PARENT : [];
  const script = 'for file do test -r "$file" || exit 1; done; readlink /proc/self/ns/net';
  for (const namespace of NAMESPACES) {
    // The signal is asked for inside: the kernel forgets it when a process changes its namespace.
    const wrapper = [...namespace, ...inner];
    const there = probe([...wrapper, "sh", "-c", script, "sh", ...readable]);
    if (there?.startsWith("net:") === true && there !== here) return { wrapper, networkIsolated: true, diesWithParent };
  }
  return { wrapper: [...inner], networkIsolated: false, diesWithParent };
}

function ownNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/net");
  } catch {
    return ""; // Not Linux, or a /proc without namespaces: nothing to gain either way.
  }
}
