import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The root of the repository, which paths in the documents are from. */
export const ROOT = join(import.meta.dirname, "../..");

export const readText = (path: string): string => readFileSync(join(ROOT, path), "utf8");

export interface Block {
  readonly language: string;
  readonly code: string;
}

/** Fenced blocks of a page, in order. */
export function blocks(text: string): readonly Block[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = "", code = ""]) => ({ language, code }));
}

const withoutBlocks = (text: string): string => text.replace(/^```[\s\S]*?^```$/gm, "");

/** Targets of links that do not exist. Links to the web are left alone; anchors are not looked at. */
export function brokenLinks(page: string, text: string): string[] {
  return [...withoutBlocks(text).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(ROOT, dirname(page), target)));
}

/** What only exists once something has run. */
const MADE = readText(".gitignore")
  .split("\n")
  .filter((line) => line.endsWith("/"));

/** Whether this text can only be a path: it begins with a folder of the repository, or ends like a file or folder. */
function isPath(text: string): boolean {
  if (!/^\.?[\w-]+(\/[\w.-]+)*\/?$/.test(text) || !text.includes("/")) return false;
  return existsSync(join(ROOT, text.split("/")[0] ?? "")) || /(\/|\.(ts|mjs|json|md|onnx))$/.test(text);
}

/** What stands in backticks, looks like a file or folder of the repository, and is none. */
export function missingPaths(text: string): string[] {
  const spans = [...withoutBlocks(text).matchAll(/`([^`\n]+)`/g)].map(([, span = ""]) => span);
  return [...new Set(spans)].filter(
    (span) => isPath(span) && !MADE.some((made) => `${span}/`.startsWith(made)) && !existsSync(join(ROOT, span)),
  );
}

/** Names in brackets behind a path, as in "`a/b.ts` (`run`, `stop`)", that the file does not hold. */
export function missingNames(text: string): string[] {
  const found = withoutBlocks(text).matchAll(/`([\w./-]+\.ts)`\s\(((?:`\w+`(?:,\s)?)+)\)/g);
  return [...found].flatMap(([, path = "", list = ""]) => {
    const source = existsSync(join(ROOT, path)) ? readText(path) : "";
    const names = [...list.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name);
    return names.filter((name) => !new RegExp(`\\b${name}\\b`).test(source)).map((name) => `${path} ${name}`);
  });
}
