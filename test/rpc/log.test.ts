import { expect, test } from "vitest";
import { createLog, type LogLevel } from "../../node/log.ts";

function logger(level: LogLevel, pretty = false) {
  const lines: string[] = [];
  return { lines, log: createLog({ level, name: "node0", pretty, write: (line) => lines.push(line) }) };
}

test("a line is one JSON object with time, level, name, message and fields", () => {
  const { lines, log } = logger("debug");
  log.info({ height: 5, id: new Uint8Array([1, 255]), power: 2n ** 64n }, "committed");
  expect(lines).toHaveLength(1);
  expect(lines[0]?.endsWith("}\n")).toBe(true);
  const record = JSON.parse(lines[0] ?? "") as Record<string, unknown>;
  expect(record).toMatchObject({
    level: "info",
    name: "node0",
    msg: "committed",
    height: 5,
    id: "01ff",
    power: "18446744073709551616",
  });
  expect(record.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test("levels below the one asked for are not written; silent writes nothing", () => {
  const { lines, log } = logger("warn");
  log.debug({}, "a");
  log.info({}, "b");
  log.warn({}, "c");
  log.error({}, "d");
  expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(["c", "d"]);
  const silent = logger("silent");
  silent.log.error({}, "e");
  expect(silent.lines).toEqual([]);
});

test("errors keep their stack; a child's fields stand in all its lines", () => {
  const { lines, log } = logger("info");
  log.child({ peer: new Uint8Array([7]) }).error({ err: new TypeError("broken") }, "failed");
  const record = JSON.parse(lines[0] ?? "") as { peer: string; err: { type: string; stack: string } };
  expect(record.peer).toBe("07");
  expect(record.err.type).toBe("TypeError");
  expect(record.err.stack).toContain("log.test.ts");
});

test("the readable form: one line, and nothing that a terminal would obey", () => {
  const { lines, log } = logger("info", true);
  log.warn({ peer: "\u001b[31mred\n", code: 3 }, "a peer \u0007left");
  expect(lines[0]).toMatch(/^\d{4}-\S+Z WARN {2}\[node0\] a peer \\x07left peer="\\u001b\[31mred\\n" code=3\n$/);
  log.error({ err: new Error("broken \u001b[2J") }, "failed");
  expect(lines[1]).toContain("[node0] failed\nError: broken \\x1b[2J\n    at ");
});
