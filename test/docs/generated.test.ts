import { readFileSync } from "node:fs";
import { glob } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { outdated, PAGES } from "../../docs/generate.ts";
import type { ErrorDoc, EventDoc } from "../../modules/error-table.ts";
import { modules } from "../../modules/registry.ts";

const ROOT = join(import.meta.dirname, "../..");
const readPage = (page: string): string => readFileSync(join(ROOT, "docs", page), "utf8");
const errorsAndEvents = readPage("errors-and-events.md");

interface Tables {
  readonly errors?: readonly ErrorDoc[];
  readonly eventTypes?: readonly EventDoc[];
}

/** What a file of a module exports; empty where the module has no such file. */
async function tablesOf(module: string, file: "errors" | "events"): Promise<Tables> {
  for await (const path of glob(`modules/${module}/${file}.ts`, { cwd: ROOT })) {
    return (await import(join(ROOT, path))) as Tables;
  }
  return {};
}

/** The types of the events that the modules' sources emit by a literal name. */
async function emittedTypes(): Promise<Set<string>> {
  const types = new Set<string>();
  for await (const path of glob("modules/*/**/*.ts", { cwd: ROOT })) {
    for (const [, type = ""] of readFileSync(join(ROOT, path), "utf8").matchAll(/\.emit\(\s*"(\w+)"/g)) types.add(type);
  }
  return types;
}

/** Those that no row of the page begins with. */
const unlisted = (types: Iterable<string>, page: string): string[] =>
  [...types].filter((type) => !page.includes(`\n| \`${type}\` |`));

test("the pages are as the tables make them now; `node docs/generate.ts` makes them anew", () => {
  expect(outdated()).toEqual([]);
});

test.each(Object.keys(PAGES))("a difference in %s is seen", (changed) => {
  const made = (page: string): string => PAGES[page]?.() ?? "";
  expect(outdated(made)).toEqual([]);
  expect(outdated((page) => (page === changed ? made(page).replace("| `", "|  `") : made(page)))).toEqual([changed]);
});

describe.each(modules.map(({ name }) => name))("the module %s", (name) => {
  test("has every row of its tables on the page", async () => {
    const { errors = [] } = await tablesOf(name, "errors");
    const { eventTypes = [] } = await tablesOf(name, "events");
    const rows = errors.map(({ codespace, code, text }) => `| \`${codespace}\` | ${code} | ${text} |`);
    expect(rows.filter((row) => !errorsAndEvents.includes(row))).toEqual([]);
    expect(unlisted(new Set(eventTypes.map(({ type }) => type)), errorsAndEvents)).toEqual([]);
  });
});

test("every event that the sources emit is on the page", async () => {
  const types = await emittedTypes();
  expect(types.size).toBeGreaterThan(20);
  expect(unlisted(types, errorsAndEvents)).toEqual([]);
  expect(unlisted(["nothing_emits_this"], errorsAndEvents)).toEqual(["nothing_emits_this"]);
});
