import { existsSync } from "node:fs";
import { join } from "node:path";
import { COMMANDS } from "../../node/cli/commands.ts";
import manifest from "../../package.json" with { type: "json" };
import { ROOT } from "./markdown.ts";

/** A shell block's commands, without comments and empty lines. */
function commandLines(code: string): string[] {
  return code
    .split("\n")
    .map((line) => line.replace(/(^|\s)#.*$/, "").trim())
    .filter((line) => line !== "");
}

/** What is wrong with `npx assay …`, as far as the usage text of its command tells. */
async function assayProblem(args: readonly string[], isFile: (path: string) => boolean): Promise<string | undefined> {
  const [name = "", ...rest] = args;
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load === undefined) return `there is no command ${name}`;
  const { usage } = await load();
  const known = new Set(usage.match(/--[a-z-]+/g));
  const unknown = rest.find((arg) => arg.startsWith("--") && !known.has(arg));
  if (unknown !== undefined) return `${name} has no option ${unknown}`;
  const [first] = rest;
  // "query validator-set", "tx delegate|undelegate <validator>", "infer <model>", "localnet [up]".
  const actions = usage.split("\n").flatMap((line) => line.split(/ (?=\[--|<)/)[0]?.split(/[ |[\]]+/) ?? []);
  const takesAction = usage.split("\n").every((line) => /^[a-z]+ [a-z[]/.test(line) && !/^[a-z]+ \[--/.test(line));
  const action = first?.startsWith("--") ? undefined : first;
  if (takesAction && action !== undefined && !actions.includes(action)) return `${name} has no action ${action}`;
  const missing = rest.find((arg) => /\.(json|onnx)$/.test(arg) && !isFile(arg));
  return missing === undefined ? undefined : `${missing} does not exist`;
}

/**
 * The lines that can't work, each with the reason: npm scripts, `npx assay` commands, actions and options, and files. A file that
 * an earlier line writes with `>` exists.
 */
export async function shellProblems(code: string): Promise<string[]> {
  const written = new Set<string>();
  const isFile = (path: string): boolean => written.has(path) || existsSync(join(ROOT, path));
  const problems: string[] = [];
  for (const line of commandLines(code)) {
    const [command = "", target] = line.split(/\s+>\s+/);
    const [program = "", first = "", second = "", ...rest] = command.split(/\s+/);
    const script = first === "run" ? second : first;
    let problem: string | undefined;
    if (program === "npm" && !Object.hasOwn(manifest.scripts, script)) problem = `there is no script ${script}`;
    else if (program === "npx") {
      problem =
        first === "assay" ? await assayProblem([second, ...rest], isFile) : `npx ${first} is not of this project`;
    } else if (program === "node" && !isFile(first)) problem = `${first} does not exist`;
    else if (program !== "npm" && program !== "node") problem = `${program} is not a command of this project`;
    if (problem !== undefined) problems.push(`${line}: ${problem}`);
    if (target !== undefined) written.add(target);
  }
  return problems;
}
