import { expect, test } from "vitest";
import { ARMS } from "../consensus/arms.ts";
import { readText } from "./markdown.ts";
import { missingTests } from "./named-tests.ts";

const [promises = "", suite = ""] = readText("docs/consensus.md").split("## The lock suite");
const LOCKS = "test/consensus/locks.test.ts";

test("the tests that show what consensus promises exist", () => {
  expect([...promises.matchAll(/“/g)].length).toBeGreaterThan(50);
  expect(missingTests(promises)).toEqual([]);
  expect(missingTests(suite, LOCKS)).toEqual([]);
});

test("every promise is shown by a test", () => {
  const rows = promises.split("\n").filter((line) => /^\| (?!promise)[^|]/.test(line));
  expect(rows.length).toBeGreaterThan(20);
  expect(rows.filter((row) => !row.includes("“"))).toEqual([]);
});

test("a test that does not exist is seen", () => {
  expect(missingTests("`test/docs/consensus.test.ts` “a test that does not exist is seen”, “nothing”")).toEqual([
    "test/docs/consensus.test.ts nothing",
  ]);
  expect(missingTests("`test/docs/none.test.ts` “a”")).toEqual(["test/docs/none.test.ts a"]);
  expect(missingTests("“a”")).toEqual(["no file for a"]);
  expect(missingTests(`\`${LOCKS}\` “no such case”\n“a”`)).toEqual([`${LOCKS} no such case`, "no file for a"]);
});

/** The body of a function of a file's top level. */
function bodyOf(file: string, name: string): string | undefined {
  const declaration = new RegExp(`^(?:export )?function ${name}\\b[\\s\\S]*?^}`, "m");
  return declaration.exec(readText(`consensus/core/${file}`))?.[0];
}

test("each arm of the core is in the function that the table names, under the paper's line", () => {
  const misplaced = ARMS.filter(({ name, where: [file, place] }) => {
    const body = bodyOf(file, place);
    return body === undefined || (/^\d+$/.test(name) && !new RegExp(`[[ ]${name}[\\],):]`).test(body));
  });
  expect(misplaced.map(({ name }) => name)).toEqual([]);
});

test("each line of the table above the clauses is one of the core's", () => {
  const table = /\/\*\n \* Which clause applies[\s\S]*?\*\//.exec(readText("consensus/core/mux.ts"))?.[0] ?? "";
  const lines = [...table.matchAll(/ (\d\d)$/gm)].map(([, line = ""]) => line);
  expect(lines).toEqual(["49", "55", "28", "22", "36", "44", "34", "47"]);
  expect(lines.filter((line) => !ARMS.some(({ name }) => name === line))).toEqual([]);
});
