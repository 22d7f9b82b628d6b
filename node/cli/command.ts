/** Where a command writes: results to `out`, everything else to `err`. Each call is one or more whole lines. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
}

/**
 * One command of the command line, in `commands/<name>.ts`. What a command needs beyond its arguments it imports when
 * it runs, so that `assay help` does not load a whole node.
 */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Lines behind `usage: assay `. */
  readonly usage: string;
  /** More than the usage, for commands of several words. @param words what stands before `--help`. */
  help?(words: readonly string[]): string;
  /**
   * @param args what stands behind the command's name.
   * @returns the exit code. Throws UserError for what the user can put right.
   */
  run(args: readonly string[], io: Io): Promise<number>;
}

/** Commands by name, each loaded when it is asked for. */
export type CommandTable = Readonly<Record<string, () => Promise<Command>>>;
