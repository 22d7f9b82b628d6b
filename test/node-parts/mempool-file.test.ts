import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openMempoolFile } from "../../node/mempool-file.ts";
import { tx } from "../chain/toy-chain.ts";
import { silentLog } from "./silent-log.ts";

function scene() {
  const folder = mkdtempSync(join(tmpdir(), "assay-mempool-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "mempool");
  const open = (waiting: ReturnType<typeof tx>[] = [], refused: readonly string[] = []) => {
    const taken: string[] = [];
    const logged: string[] = [];
    let tick = (): void => undefined;
    const note = (_: object, message: string): void => void logged.push(message);
    const file = openMempoolFile({
      path,
      mempool: {
        transactions: () => waiting,
        add(bytes) {
          const { body } = waiting.find((one) => Buffer.compare(one.bytes, bytes) === 0) ?? { body: { memo: "?" } };
          const memo =
            body.memo === "?" ? (Buffer.from(bytes).toString("latin1").match(/[0-9]/)?.[0] ?? "?") : body.memo;
          const code = refused.includes(memo) ? 32 : 0;
          if (code === 0) taken.push(memo);
          return { code, codespace: "", log: "", gasWanted: 0, gasUsed: 0, hash: new Uint8Array(32) };
        },
      },
      log: { ...silentLog(), info: note, warn: note },
      every(_, callback) {
        tick = callback;
        return () => {
          tick = () => undefined;
        };
      },
    });
    return { file, taken, logged, tick: () => tick() };
  };
  return { path, folder, open };
}

test("what waited waits again, in its order, as far as it is still good", () => {
  const { open } = scene();
  open([tx({ memo: "3" }), tx({ memo: "4" }), tx({ memo: "5" })]).file.stop();
  const again = open([], ["4"]);
  expect(again.taken).toEqual(["3", "5"]);
  expect(again.logged).toEqual(["transactions that waited before the restart wait again"]);
});

test("it is written now and then, so that a crash loses the last moments only, and not when nothing has changed", () => {
  const { open, path, folder } = scene();
  const waiting = [tx({ memo: "1" })];
  const { tick } = open(waiting);
  expect(existsSync(path)).toBe(false);
  tick();
  const first = readFileSync(path);
  rmSync(path);
  tick();
  expect(existsSync(path)).toBe(false);
  waiting.push(tx({ memo: "2" }));
  tick();
  expect(readFileSync(path).length).toBeGreaterThan(first.length);
  expect(readdirSync(folder)).toEqual(["mempool"]);
  expect(open().taken).toEqual(["1", "2"]);
});

test.each([
  ["a changed byte", (bytes: Buffer) => bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte))],
  ["a missing end", (bytes: Buffer) => bytes.subarray(0, -1)],
  ["nothing", () => Buffer.alloc(0)],
  ["an overlong file", () => Buffer.alloc(9 * 1024 * 1024)],
])("a file with %s is dropped with a line, and written anew", (_, damage) => {
  const { open, path } = scene();
  open([tx({ memo: "1" })]).file.stop();
  writeFileSync(path, damage(readFileSync(path)));
  const again = open([tx({ memo: "7" })]);
  expect([again.taken, again.logged]).toEqual([[], ["what waited before the restart can't be read and is dropped"]]);
  again.file.stop();
  expect(open().taken).toEqual(["7"]);
});

test("a place that can't be written to is no reason to stop", () => {
  const { open, folder } = scene();
  const { file, logged } = open([tx({ memo: "1" })]);
  rmSync(folder, { recursive: true });
  file.stop();
  expect(logged).toEqual(["what waits could not be written"]);
});
