import { readFileSync } from "node:fs";

/**
 * Between two looks. A process can write to fresh memory at a few GiB/s, so that it may pass the limit by about one GiB before it is seen;
 * a look costs about 20 µs.
 */
const INTERVAL_MS = 200;
const MIB = 1024 * 1024;

export interface MemoryWatch {
  readonly pid: number;
  readonly limitMiB: number;
  /** Called once, with the resident size at that moment. */
  readonly onExceeded: (residentMiB: number) => void;
  /** For tests. Default `residentBytes`. */
  readonly read?: (pid: number) => number | undefined;
}

/** Resident memory of a process in bytes; undefined when it is over, or where the system has no /proc (all but Linux). */
export function residentBytes(pid: number): number | undefined {
  try {
    const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"));
    return found === null ? undefined : Number(found[1]) * 1024;
  } catch {
    return undefined; // The process has ended, which is reported by itself; or there is no /proc.
  }
}

/** Whether `watchMemory` sees anything on this system. Elsewhere only WebAssembly's own memory and the heap of JavaScript are capped. */
export const memoryIsWatched = residentBytes(process.pid) !== undefined;

/**
 * Looks at a process's resident memory until told to stop: the caps inside it bound WebAssembly and the heap of JavaScript, but not the buffers
 * between them, nor a process that a hostile model has taken over.
 * @returns what ends the watch.
 */
export function watchMemory({ pid, limitMiB, onExceeded, read = residentBytes }: MemoryWatch): () => void {
  const timer = setInterval(() => {
    const resident = read(pid);
    if (resident === undefined || resident <= limitMiB * MIB) return;
    clearInterval(timer);
    onExceeded(Math.ceil(resident / MIB));
  }, INTERVAL_MS).unref();
  return () => clearInterval(timer);
}
