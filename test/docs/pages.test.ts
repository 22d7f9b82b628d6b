import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { outdated, PAGES } from "../../docs/generate.ts";
import { COMMANDS } from "../../node/cli/commands.ts";
import manifest from "../../package.json" with { type: "json" };

const ROOT = join(import.meta.dirname, "../..");
const PAGES_BY_HAND = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/architecture.md", "docs/performance.md"];

/** Fenced blocks of a page, with their language. */
function blocks(text: string): { readonly language: string; readonly code: string }[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = "", code = ""]) => ({ language, code }));
}

/** What is wrong with the commands of a shell block: npm scripts and assay commands that do not exist. */
function unknownCommands(code: string): string[] {
  return code
    .split("\n")
    .map((line) => line.replace(/#.*$/, "").trim())
    .filter((line) => {
      const [program, first = "", second = ""] = line.split(/\s+/);
      if (program === "npm") return !Object.hasOwn(manifest.scripts, first === "run" ? second : first);
      if (program === "npx") return first !== "assay" || !Object.hasOwn(COMMANDS, second);
      return line !== "";
    });
}

/** Paths in backticks that look like files of the repository and are none. */
function missingPaths(text: string): string[] {
  const paths = [...text.matchAll(/`([a-zA-Z][\w./-]*\/[\w.-]+\.(?:ts|mjs|json|md))`/g)].map(([, path = ""]) => path);
  return [...new Set(paths)].filter((path) => !existsSync(join(ROOT, path)));
}

function brokenLinks(page: string, text: string): string[] {
  return [...text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(ROOT, dirname(page), target)));
}

describe("generated pages", () => {
  test("are as the tables make them now", () => expect(outdated()).toEqual([]));
  test("a page that differs is seen", () => {
    const first = Object.keys(PAGES)[0] ?? "";
    expect(outdated((page) => `${PAGES[page]?.()}${page === first ? " " : ""}`)).toEqual([first]);
  });
});

describe.each([...PAGES_BY_HAND, ...readdirSync(join(ROOT, "docs/adr")).map((name) => `docs/adr/${name}`)])(
  "%s",
  (page) => {
    const text = readFileSync(join(ROOT, page), "utf8");
    test("names only files that exist", () => expect(missingPaths(text)).toEqual([]));
    test("links only to what exists", () => expect(brokenLinks(page, text)).toEqual([]));
    test("shows only commands that exist", () => {
      const shell = blocks(text).filter(({ language }) => language === "sh");
      expect(shell.flatMap(({ code }) => unknownCommands(code))).toEqual([]);
    });
  },
);

test("a command, a path and a link that do not exist are seen", () => {
  expect(unknownCommands("npm run nothing\nnpx assay nothing\nnpm start")).toEqual([
    "npm run nothing",
    "npx assay nothing",
  ]);
  expect(missingPaths("`node/nothing.ts` `node/api.ts`")).toEqual(["node/nothing.ts"]);
  expect(brokenLinks("README.md", "[a](docs/nothing.md) [b](docs/architecture.md)")).toEqual(["docs/nothing.md"]);
});
