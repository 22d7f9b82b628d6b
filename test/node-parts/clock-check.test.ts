import { expect, test } from "vitest";
import { refuseWrongClock } from "../../node/clock-check.ts";
import { UserError } from "../../node/user-error.ts";

const NOW = Date.UTC(2030, 0, 1);

test("a clock that is behind the node's own last block is refused in one line that says what to do", () => {
  const tip = { height: 7, time: NOW + 90_000 };
  expect(() => refuseWrongClock(tip, NOW)).toThrow(UserError);
  expect(() => refuseWrongClock(tip, NOW)).toThrow(
    "this machine's clock says 2030-01-01T00:00:00.000Z, but block 7 in the data folder is of 2030-01-01T00:01:30.000Z, " +
      "90 seconds later: set the clock, best by NTP, and start again",
  );
});

test.each([
  ["a genesis that begins later", { height: 0, time: NOW + 3_600_000 }],
  ["a block that is a little ahead", { height: 7, time: NOW + 60_000 }],
  ["a chain that has stood still", { height: 7, time: NOW - 1e10 }],
])("%s is none of the clock's fault", (_, tip) => {
  expect(() => refuseWrongClock(tip, NOW)).not.toThrow();
});
