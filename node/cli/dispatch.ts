import { createRequire } from "node:module";
import { didYouMean } from "../../genesis/nearest.ts";
import { UserError } from "../user-error.ts";
import type { Command, CommandTable, Io } from "./command.ts";

/** A bug, as opposed to a mistake of the user's (1). */
const EXIT_BUG = 70;

/** The release, as `package.json` has it. */
export function version(): string {
  const { version } = createRequire(import.meta.url)("../../package.json") as { version: string };
  return version;
}

async function load(table: CommandTable, name: string): Promise<Command> {
  const loader = Object.hasOwn(table, name) ? table[name] : undefined;
  if (loader === undefined) {
    const hint = didYouMean(name, [...Object.keys(table), "help", "version"]);
    throw new UserError(`unknown command "${name.slice(0, 40)}"${hint}; "assay help" lists all`);
  }
  return loader();
}

function usage(command: Command): string {
  const [first = "", ...more] = command.usage.split("\n");
  return [`usage: assay ${first}`, ...more.map((line) => `       assay ${line}`)].join("\n");
}

async function help(table: CommandTable, [name, ...words]: readonly string[], io: Io): Promise<number> {
  if (name !== undefined) {
    const command = await load(table, name);
    io.out(command.help?.(words) ?? `${command.summary}\n${usage(command)}`);
    return 0;
  }
  const commands: Command[] = [];
  // One by one: libraries that both import and require one module can't be loaded at the same time.
  for (const key of Object.keys(table)) commands.push(await load(table, key));
  const lines = commands.map((command) => `  ${command.name.padEnd(10)} ${command.summary}`);
  io.out(
    [
      "usage: assay <command> …",
      "",
      ...lines,
      `  ${"help".padEnd(10)} how to use a command`,
      `  ${"version".padEnd(10)} the release`,
    ].join("\n"),
  );
  return 0;
}

async function run(table: CommandTable, args: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") return help(table, rest, io);
  if (name === "version" || name === "--version" || name === "-v") {
    io.out(version());
    return 0;
  }
  const command = await load(table, name);
  // What stands behind "--" is not for us.
  const own = rest.includes("--") ? rest.slice(0, rest.indexOf("--")) : rest;
  if (own.includes("--help") || own.includes("-h")) return help(table, [name, ...own], io);
  return command.run(rest, io);
}

/**
 * Runs the command that the arguments name.
 * @returns the exit code: the command's, 1 for a mistake of the user's or what the error says, 70 for a bug. Never throws.
 */
export async function dispatch(table: CommandTable, args: readonly string[], io: Io): Promise<number> {
  try {
    return await run(table, args, io);
  } catch (error) {
    if (error instanceof UserError) {
      io.err(`assay: ${error.message}`);
      return error.exitCode;
    }
    io.err(`assay: this is a bug: ${error instanceof Error ? error.stack : String(error)}`);
    return EXIT_BUG;
  }
}
