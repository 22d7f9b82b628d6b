import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runNode } from "./child.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const BIN = join(import.meta.dirname, "../../bin");

/** A process that runs `program` through the hand-over, as the scripts of package.json do. */
function handedOver(program: string, ...args: string[]) {
  const folder = temporaryFolder();
  const target = join(folder, "target.mjs");
  writeFileSync(target, program);
  const wrapper = `import { handOver } from ${JSON.stringify(join(BIN, "hand-over.mjs"))};
    process.exitCode = await handOver(process.execPath, [${JSON.stringify(target)}, ...process.argv.slice(2)]);`;
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "bin/wrapper.mjs"), wrapper);
  return runNode([join(folder, "bin/wrapper.mjs"), ...args]);
}

test("arguments go in, the exit code comes out", async () => {
  const child = handedOver("console.log(process.argv.slice(2).join('|')); process.exitCode = 9;", "a b", "--c");
  expect(await child.ended).toBe(9);
  expect(child.output()).toBe("a b|--c\n");
});

test.each(["SIGINT", "SIGTERM"] as const)("%s is passed on, and the child decides how it ends", async (signal) => {
  const child = handedOver(`
    process.on("${signal}", () => { console.log("got it"); process.exit(5); });
    setInterval(() => {}, 1000);
    console.log("up");`);
  await child.until("up");
  child.process.kill(signal);
  expect(await child.ended).toBe(5);
  expect(child.output()).toBe("up\ngot it\n");
});

test("a child that dies of a signal is seen as such", async () => {
  const child = handedOver("process.kill(process.pid, 'SIGKILL'); setInterval(() => {}, 1000);");
  expect(await child.ended).toBe(128 + 9);
});

test("an unknown task is one line, which names those that the scripts of package.json call", async () => {
  const child = runNode([join(BIN, "run.mjs"), "nothing"]);
  expect(await child.ended).toBe(1);
  const [, known = ""] = /^unknown task "nothing": (.*)\n$/.exec(child.output()) ?? [];
  const manifest = JSON.parse(readFileSync(join(BIN, "../package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const called = Object.values(manifest.scripts).map((script) => script.replace("node bin/run.mjs ", ""));
  expect(known.split(", ").toSorted()).toEqual(called.toSorted());
});
