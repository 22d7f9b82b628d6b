/**
 * Something that the user can put right: the message is one line that names the thing, the value, the limit and the
 * remedy, and is all that the command line prints. Any other exception that gets that far is a bug and prints its stack.
 */
export class UserError extends Error {
  /** What the process ends with. */
  readonly exitCode: number;
  constructor(message: string, options: ErrorOptions & { readonly exitCode?: number } = {}) {
    super(message, options);
    this.name = "UserError";
    this.exitCode = options.exitCode ?? 1;
  }
}

/** The `code` of a system error (`ENOENT`), or undefined for any other value. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
