/** What a disk says that refuses a write, and what a person can do about it. */
const FAULTS = [
  {
    code: "ENOSPC",
    text: /no space left on device/i,
    remedy: "no space is left on the disk: make room and start again",
  },
  {
    code: "EDQUOT",
    text: /disk quota exceeded/i,
    remedy: "the disk quota is used up: raise it or make room, and start again",
  },
  {
    code: "EROFS",
    text: /read-only file system/i,
    remedy: "the file system is read-only: mount it writable and start again",
  },
  {
    code: "EACCES",
    text: /permission denied/i,
    remedy: "this user may not write there: change the owner or the rights and start again",
  },
  {
    code: "EIO",
    text: /input\/output error/i,
    remedy: "the disk fails to read or write: replace it before starting again",
  },
] as const;

/** Causes nested deeper than any here. */
const MAX_CAUSES = 8;

/**
 * What a failed write to the data folder means to whoever runs the node, in one line. LevelDB tells in words what the
 * system tells by a code, so both are looked at.
 * @returns undefined for errors of another kind.
 */
export function diskFault(error: unknown, folder: string): string | undefined {
  for (let cause = error, depth = 0; cause instanceof Error && depth < MAX_CAUSES; cause = cause.cause, depth++) {
    const code = "code" in cause ? cause.code : undefined;
    const { message } = cause;
    const isIo = typeof code === "string" && (code === "LEVEL_IO_ERROR" || code.startsWith("E"));
    const fault = FAULTS.find((one) => one.code === code || (isIo && one.text.test(message)));
    if (fault !== undefined) return `data folder ${folder}: ${fault.remedy} (${message})`;
  }
  return undefined;
}
