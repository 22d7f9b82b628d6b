import { existsSync } from "node:fs";
import { join } from "node:path";
import { CASES } from "../consensus/coverage.ts";
import { ROOT, readText } from "./markdown.ts";

/** What a file's tests are called, as far as its text or its table of cases says. */
function holds(file: string, title: string): boolean {
  const isCase = CASES[file]?.some((one) => one.title === title) === true;
  return isCase || [`"${title}"`, `'${title}'`, `\`${title}\``].some((quoted) => readText(file).includes(quoted));
}

/**
 * Names of tests, in curly quotes behind the file that they are in, that do not exist. A file holds for the rest of its
 * row or paragraph.
 * @param standard the file of names that stand behind none.
 */
export function missingTests(text: string, standard?: string): string[] {
  return text.split("\n").flatMap((row) => {
    let file = standard;
    return [...row.matchAll(/`(test\/[\w./-]+\.test\.ts)`|“([^”]+)”/g)].flatMap(([, path, title]) => {
      if (path !== undefined) file = path;
      if (title === undefined) return [];
      if (file === undefined) return [`no file for ${title}`];
      return existsSync(join(ROOT, file)) && holds(file, title) ? [] : [`${file} ${title}`];
    });
  });
}
