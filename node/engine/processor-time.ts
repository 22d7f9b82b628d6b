import { readdirSync, readFileSync } from "node:fs";

/**
 * Milliseconds that the threads of a process have had a processor, together; undefined when it is over, or where the system does not tell (all but Linux).
 * PERF: a file for each thread, about a dozen: some tenths of a millisecond.
 */
export function processorMs(pid: number): number | undefined {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const spent = threads.map((thread) =>
      Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "latin1").split(" ")[0]),
    );
    return spent.reduce((sum, nanoseconds) => sum + nanoseconds, 0) / 1e6;
  } catch {
    return undefined; // The process or a thread has ended, or there is no such file: the clock on the wall is left.
  }
}
