import { type ParseArgsConfig, type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { didYouMean } from "../../genesis/nearest.ts";
import { systemErrorCode, UserError } from "../user-error.ts";
import type { Command } from "./command.ts";

type Config<O extends ParseArgsOptionsConfig> = ParseArgsConfig & {
  args: string[];
  options: O;
  allowPositionals: true;
  strict: true;
};

function unknownOption(token: string, options: ParseArgsOptionsConfig): string {
  const names = Object.keys(options).map((name) => `--${name}`);
  return `unknown option ${token}${didYouMean(token, names)}`;
}

/** The option that a message of `parseArgs` is about: it quotes it, sometimes with its argument's shape. */
function quotedOption(message: string): string | undefined {
  return /'(-[^ ']*)[^']*'/.exec(message)?.[1];
}

/** Commands of several words explain themselves with `--help`. */
function helpFor(name: string): string {
  return name.includes(" ") ? `${name} --help` : `help ${name}`;
}

/**
 * Parses a command's arguments.
 * @param positionals names of what must stand there, in order; one that ends in `?` may be left out, and only at the end; a
 * last one that ends in `…` may be there several times.
 * @throws UserError in one line, with the nearest option for an unknown one.
 */
export function parseArguments<const O extends ParseArgsOptionsConfig>(
  command: Pick<Command, "name">,
  args: readonly string[],
  options: O,
  positionals: readonly string[] = [],
): { readonly values: ReturnType<typeof parseArgs<Config<O>>>["values"]; readonly positionals: readonly string[] } {
  let parsed: ReturnType<typeof parseArgs<Config<O>>>;
  try {
    parsed = parseArgs<Config<O>>({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    const code = systemErrorCode(error);
    if (code?.startsWith("ERR_PARSE_ARGS") !== true) throw error;
    const { message } = error as Error;
    const token = quotedOption(message);
    const text = code === "ERR_PARSE_ARGS_UNKNOWN_OPTION" && token ? unknownOption(token, options) : message;
    throw new UserError(`${command.name}: ${text.split("\n", 1)[0]}`, { cause: error });
  }
  const least = positionals.filter((name) => !name.endsWith("?")).length;
  const found = parsed.positionals.length;
  if (found < least)
    throw new UserError(
      `${command.name}: ${positionals[found]?.replace("…", "")} is missing; see assay ${helpFor(command.name)}`,
    );
  if (found > positionals.length && positionals.at(-1)?.endsWith("…") !== true) {
    throw new UserError(`${command.name}: too many arguments, from "${parsed.positionals[positionals.length]}" on`);
  }
  return { values: parsed.values, positionals: parsed.positionals };
}

/** A whole number out of an option. @throws UserError naming the option and the range. */
export function integerOption(name: string, value: string, min: number, max: number): number {
  const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= min && number <= max)) {
    throw new UserError(`--${name} must be a whole number from ${min} to ${max}, not "${value.slice(0, 40)}"`);
  }
  return number;
}
