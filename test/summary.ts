/** How many tests of each outcome. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const NO_COUNTS: Counts = { passed: 0, failed: 0, skipped: 0 };

export function addCounts(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/** What is read of the report of vitest's JSON reporter. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** A file that failed without a failed test (it did not load, or a hook threw) counts as one failure. */
export function countTests(report: unknown): Counts {
  let { passed, failed, skipped } = NO_COUNTS;
  for (const file of (report as Report).testResults) {
    let failedHere = 0;
    for (const { status } of file.assertionResults) {
      if (status === "passed") passed += 1;
      else if (status === "failed") failedHere += 1;
      else skipped += 1;
    }
    failed += file.status === "failed" && failedHere === 0 ? 1 : failedHere;
  }
  return { passed, failed, skipped };
}

/** Names of the tests that did not run: skipped, to do, or cut off. */
export function skippedTests(report: unknown): string[] {
  const names: string[] = [];
  for (const file of (report as Report).testResults) {
    for (const { fullName, status } of file.assertionResults) {
      if (status !== "passed" && status !== "failed") names.push(`${file.name}: ${fullName}`);
    }
  }
  return names;
}

/** Names of the tests that failed, and of the files that failed without one. */
export function failedTests(report: unknown): string[] {
  const names: string[] = [];
  for (const file of (report as Report).testResults) {
    const failedHere = file.assertionResults.filter(({ status }) => status === "failed");
    for (const { fullName } of failedHere) names.push(`${file.name}: ${fullName}`);
    if (file.status === "failed" && failedHere.length === 0) names.push(`${file.name}: outside its tests`);
  }
  return names;
}

/** `12 passed, 0 failed`, and `, 1 skipped` where some were. */
export function summaryLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
