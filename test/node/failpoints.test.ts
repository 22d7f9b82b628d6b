import { expect, test } from "vitest";
import { diskFault } from "../../node/disk-fault.ts";
import { parseFailpoint } from "../../node/failpoints.ts";
import { UserError } from "../../node/user-error.ts";

function warnings() {
  const logged: string[] = [];
  return {
    logged,
    log: { warn: (fields: object, message: string) => void logged.push(`${message} ${JSON.stringify(fields)}`) },
  };
}

test.each(["", "wal.append.before", "wal.append.before:0", "wal.append.before:-1", "wal.apend.before:1", "toString:1"])(
  "the failpoint %o is refused, and nothing is said to be set",
  (setting) => {
    const { logged, log } = warnings();
    expect(() => parseFailpoint(setting, log)).toThrow(UserError);
    expect(logged).toEqual([]);
  },
);

test("a failpoint warns at once, and lets other points and earlier passings through", () => {
  const { logged, log } = warnings();
  const pass = parseFailpoint("wal.append.before:3", log);
  expect(logged).toEqual([expect.stringMatching(/KILLS ITSELF.*wal\.append\.before:3/)]);
  for (const name of ["wal.append.before", "wal.append.after", "state.commit.before", "wal.append.before"] as const)
    pass(name);
});

const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
const level = Object.assign(new Error("IO error: /data/000005.log: No space left on device"), {
  code: "LEVEL_IO_ERROR",
});

test.each([
  ["a system error", full, /no space is left on the disk.*\(ENOSPC/],
  ["one that LevelDB reports", level, /no space is left on the disk.*000005/],
  [
    "one behind others",
    new Error("commit failed", { cause: new Error("write", { cause: level }) }),
    /no space is left/,
  ],
  ["a read-only disk", Object.assign(new Error("EROFS: read-only"), { code: "EROFS" }), /mount it writable/],
])("%s is told in one line that names the folder and the remedy", (_name, error, line) => {
  const told = diskFault(error, "/home/val/data");
  expect(told).toMatch(line);
  expect(told).toMatch(/^data folder \/home\/val\/data: [^\n]*$/);
});

test("other errors are not taken for the disk's, whatever they say", () => {
  expect(diskFault(new Error("no space left on device"), "/data")).toBeUndefined();
  expect(diskFault("ENOSPC", "/data")).toBeUndefined();
  const ring: Error & { cause?: unknown } = new Error("ring");
  ring.cause = ring;
  expect(diskFault(ring, "/data")).toBeUndefined();
});
