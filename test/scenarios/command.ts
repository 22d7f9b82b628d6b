import { COMMANDS } from "../../node/cli/commands.ts";
import { dispatch } from "../../node/cli/dispatch.ts";

export interface Outcome {
  readonly code: number;
  /** What went to standard output. */
  readonly out: string;
  readonly err: string;
}

/** Runs `assay` in this process, as a person would. What it throws is what a person is told, and exit code 1. */
export async function attempt(...args: readonly string[]): Promise<Outcome> {
  const out: string[] = [];
  const err: string[] = [];
  const io = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) };
  const code = await dispatch(COMMANDS, args, io).catch((error: unknown) => {
    io.err(error instanceof Error ? error.message : String(error));
    return 1;
  });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

/** Expects success. @returns what was written to standard output. */
export async function assay(...args: readonly string[]): Promise<string> {
  const { code, out, err } = await attempt(...args);
  if (code !== 0) throw new Error(`assay ${args.join(" ")}: ${[out, err].join("\n")}`);
  return out;
}
