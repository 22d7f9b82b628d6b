import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { dayOfBlocks } from "./day-of-blocks.ts";

const DAY = 86_400;
const RETENTION = 1000;
const HOUR = 60 * 60_000;

test("a database that keeps a thousand blocks is no larger after a day of them, one a second, than early in it", {
  timeout: HOUR,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "assay-day-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const samples = await dayOfBlocks({
    folder: join(folder, "state"),
    blocks: DAY,
    retention: RETENTION,
    sampleEvery: 150,
  });
  const sizes = (from: number, to: number): number[] =>
    samples.filter(({ height }) => height > from && height <= to).map(({ bytes }) => bytes);
  // Level frees what was deleted in bursts, so that single sizes go up and down by a factor of two.
  const early = Math.max(...sizes(2 * RETENTION, DAY / 6));
  const late = Math.max(...sizes(DAY - DAY / 6, DAY));
  const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
  expect(late).toBeLessThan(1.25 * early);
  expect(median(sizes(DAY - DAY / 6, DAY))).toBeLessThan(1.25 * median(sizes(2 * RETENTION, DAY / 6)));
  // What is measured does see growth: before anything is deleted there is plenty.
  expect(median(sizes(0, RETENTION / 2))).toBeLessThan(median(sizes(2 * RETENTION, DAY / 6)) / 2);
});
