import { globSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { blocks, brokenLinks, missingNames, missingPaths, ROOT, readText } from "./markdown.ts";
import { shellProblems } from "./shell-lines.ts";
import { typeErrors } from "./type-check.ts";

const PAGES = globSync(["*.md", "docs/**/*.md", "client/*.md"], { cwd: ROOT }).map((path) =>
  path.replaceAll("\\", "/"),
);

const codeOf = (page: string, language: string): string[] =>
  blocks(readText(page))
    .filter((block) => block.language === language)
    .map(({ code }) => code);

function jsonProblem(code: string): string | undefined {
  try {
    JSON.parse(code);
    return undefined;
  } catch (error) {
    return String(error);
  }
}

test("the pages that are checked are those that a reader meets", () => {
  const expected = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "client/README.md"];
  expect(PAGES).toEqual(expect.arrayContaining([...expected, "docs/architecture.md", "docs/performance.md"]));
});

describe.each(PAGES)("%s", (page) => {
  const text = readText(page);
  test("links to what exists", () => expect(brokenLinks(page, text)).toEqual([]));
  test("names files and folders that exist", () => expect(missingPaths(text)).toEqual([]));
  test("names functions that their files hold", () => expect(missingNames(text)).toEqual([]));
  test("has blocks of known languages only", () => {
    const known = ["sh", "ts", "json", ""];
    expect(blocks(text).filter(({ language }) => !known.includes(language))).toEqual([]);
  });
  test("shows JSON that parses", () => {
    expect(codeOf(page, "json").flatMap((code) => jsonProblem(code) ?? [])).toEqual([]);
  });
  test("shows commands that exist", async () => {
    // One page is one session: a file that an earlier block writes is there in a later one.
    expect(await shellProblems(codeOf(page, "sh").join("\n"))).toEqual([]);
  });
});

test("examples type-check against what the sources export, and a wrong one would not", async () => {
  const examples = Object.fromEntries(
    PAGES.flatMap((page) =>
      codeOf(page, "ts").map((code, index) => [`${page.replace(/\W/g, "-")}-${index}`, code] as const),
    ),
  );
  expect(Object.keys(examples)).toContain("README-md-0");
  const planted = 'import { connectAssay } from "./client/assay-client.ts";\nconnectAssay(1);';
  const errors = await typeErrors({ ...examples, planted });
  expect(errors.filter((line) => !line.startsWith("planted.ts"))).toEqual([]);
  expect(errors).toHaveLength(1);
});

describe("what is wrong is seen", () => {
  test("a link, a path, a folder and a function that do not exist", () => {
    expect(brokenLinks("README.md", "[a](docs/nothing.md) [b](docs/adr) [c](https://example.org)")).toEqual([
      "docs/nothing.md",
    ]);
    const paths =
      "`node/nothing.ts` `node/api.ts` `node/nowhere` `nowhere/` `docs/` `bench/results/` `application/json`";
    expect(missingPaths(paths)).toEqual(["node/nothing.ts", "node/nowhere", "nowhere/"]);
    expect(missingNames("`node/node.ts` (`startNode`, `stopTheWorld`), `node/nothing.ts` (`run`)")).toEqual([
      "node/node.ts stopTheWorld",
      "node/nothing.ts run",
    ]);
  });
  test("JSON that does not parse", () => expect(jsonProblem("{a: 1}")).toBeDefined());
  test.each([
    "npm run nothing",
    "npx other",
    "npx assay nothing",
    "npx assay infer cnn_digits --inptus genesis/models/cnn_digits.input.json",
    "npx assay infer cnn_digits --inputs genesis/models/nothing.json",
    "npx assay query nothing",
    "npx assay tx steal you 5uassay",
    "npx assay localnet down",
    "node docs/nothing.ts",
    "curl http://127.0.0.1:26657/status",
  ])("the line %s", async (line) => expect(await shellProblems(line)).toHaveLength(1));
  test.each([
    "npm start",
    "npm run check # with a comment",
    "npx assay query validator-set --height 3 > set.json",
    "npx assay tx staking delegate someone 5uassay --from dev1",
    "npx assay localnet up --fresh --port-offset 100",
    "npx assay localnet --dir .test/x",
    "npx assay infer cnn_digits --json --inputs genesis/models/cnn_digits.input.json > r.json\nnpx assay verify r.json --trust r.json",
    "node docs/generate.ts",
  ])("but not %s", async (line) => expect(await shellProblems(line)).toEqual([]));
});
