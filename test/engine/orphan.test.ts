import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test, vi } from "vitest";

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // ESRCH, and nothing else: it is ours.
  }
}

test.each([
  ["as confined as the system permits", []],
  ["watched by a thread of its own", ["bare"]],
])("an engine in an endless run, %s, does not outlive a node that was killed", async (_name, args) => {
  const node = spawn(process.execPath, [join(import.meta.dirname, "orphan-parent.ts"), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(node.stdout, "data");
  const engine = Number(String(line));
  expect(isAlive(engine)).toBe(true);
  node.kill("SIGKILL");
  await vi.waitFor(() => expect(isAlive(engine)).toBe(false), { timeout: 20_000, interval: 50 });
});
