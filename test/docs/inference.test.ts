import { expect, test } from "vitest";
import { readText } from "./markdown.ts";
import { missingTests } from "./named-tests.ts";

const page = readText("docs/inference.md");

test("the tests that show how inference answers attacks exist", () => {
  expect([...page.matchAll(/“/g)].length).toBeGreaterThan(20);
  expect(missingTests(page)).toEqual([]);
});

test("every attack has an answer and a test", () => {
  const tables = page.split("\n## ").filter((section) => section.includes("| attack |"));
  expect(tables).toHaveLength(4);
  const rows = tables.flatMap((section) => section.split("\n").filter((line) => /^\| (?!attack)[^|-]/.test(line)));
  expect(rows.length).toBeGreaterThan(20);
  expect(rows.filter((row) => row.split(" | ").length !== 3 || !row.includes("“"))).toEqual([]);
});
