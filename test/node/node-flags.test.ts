import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { NODE_FLAGS } from "../../bin/node-flags.mjs";

/** What a process says on its error channel when it is sent SIGUSR1 and then ended. */
async function saidAfterSignal(flags: readonly string[]): Promise<string> {
  const script = 'setInterval(() => {}, 1000); process.stdout.write("up")';
  const child = spawn(process.execPath, [...flags, "--inspect-port=0", "-e", script], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (bytes: Buffer) => {
    said += bytes.toString();
  });
  await once(child.stdout, "data");
  child.kill("SIGUSR1");
  const opened = new Promise((resolve) => child.stderr.once("data", resolve));
  await Promise.race([opened, new Promise((resolve) => setTimeout(resolve, 500))]);
  child.kill("SIGKILL");
  await once(child, "exit");
  return said;
}

test("SIGUSR1 opens no inspector in a node", async () => {
  expect(await saidAfterSignal(NODE_FLAGS)).toBe("");
  // Without the flag it does: the test could see it.
  expect(await saidAfterSignal([])).toContain("Debugger listening");
});
