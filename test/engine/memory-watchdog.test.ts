import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, expect, test, vi } from "vitest";
import { memoryIsWatched, residentBytes, watchMemory } from "../../node/engine/memory-watchdog.ts";

const MIB = 1024 * 1024;
afterEach(() => vi.useRealTimers());

test("a process within its limit is left alone, one beyond it is reported once", () => {
  vi.useFakeTimers();
  const onExceeded = vi.fn();
  let resident: number | undefined = 100 * MIB;
  watchMemory({ pid: 1, limitMiB: 100, onExceeded, read: () => resident });
  vi.advanceTimersByTime(10_000);
  expect(onExceeded).not.toHaveBeenCalled();
  resident = 100 * MIB + 1;
  vi.advanceTimersByTime(10_000);
  expect(onExceeded.mock.calls).toEqual([[101]]);
});

test("a watch that was ended, and a process that is over, report nothing", () => {
  vi.useFakeTimers();
  const onExceeded = vi.fn();
  const read = vi.fn(() => undefined);
  const stop = watchMemory({ pid: 1, limitMiB: 0, onExceeded, read });
  vi.advanceTimersByTime(1000);
  const looks = read.mock.calls.length;
  stop();
  vi.advanceTimersByTime(10_000);
  expect(read).toHaveBeenCalledTimes(looks);
  expect(onExceeded).not.toHaveBeenCalled();
});

test.runIf(memoryIsWatched)("memory outside of any heap that V8 or WebAssembly cap is seen", async () => {
  const greedy = spawn(process.execPath, [
    "-e",
    "globalThis.held = Buffer.alloc(200 << 20, 1); setInterval(() => {}, 1000)",
  ]);
  const { pid } = greedy;
  if (pid === undefined) throw new Error("node could not be started");
  const resident = await new Promise<number>((resolve) => watchMemory({ pid, limitMiB: 200, onExceeded: resolve }));
  expect(resident).toBeGreaterThan(200);
  greedy.kill("SIGKILL");
  await once(greedy, "close");
  expect(residentBytes(pid)).toBeUndefined();
});
