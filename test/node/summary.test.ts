import { expect, test } from "vitest";
import { addCounts, countTests, failedTests, NO_COUNTS, skippedTests, summaryLine } from "../summary.ts";

const file = (status: string, ...statuses: string[]) => ({
  name: "a.test.ts",
  status,
  assertionResults: statuses.map((status, i) => ({ fullName: `t${i}`, status })),
});

test("counts every outcome, and a file that did not load as a failure", () => {
  const report = {
    testResults: [
      file("passed", "passed", "passed", "skipped", "todo"),
      file("failed", "failed", "passed", "failed"),
      file("failed"),
      file("failed", "passed", "pending"),
    ],
  };
  expect(countTests(report)).toEqual({ passed: 4, failed: 4, skipped: 3 });
  expect(skippedTests(report)).toEqual(["a.test.ts: t2", "a.test.ts: t3", "a.test.ts: t1"]);
  expect(failedTests(report)).toEqual([
    "a.test.ts: t0",
    "a.test.ts: t2",
    "a.test.ts: outside its tests",
    "a.test.ts: outside its tests",
  ]);
});

test("the summary line names skipped tests only where there are any", () => {
  expect(summaryLine({ passed: 2, failed: 0, skipped: 0 })).toBe("2 passed, 0 failed");
  expect(summaryLine({ passed: 2, failed: 1, skipped: 3 })).toBe("2 passed, 1 failed, 3 skipped");
  expect(addCounts(NO_COUNTS, { passed: 1, failed: 2, skipped: 3 })).toEqual({ passed: 1, failed: 2, skipped: 3 });
});
