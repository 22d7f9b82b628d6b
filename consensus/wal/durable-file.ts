import fs from "node:fs";
import path from "node:path";

/** Makes the names in the folder of `file` durable: a file that was made or renamed there is found after a power cut. */
export function syncFolderOf(file: string): void {
  if (process.platform === "win32") return; // Folders can't be opened there; renames are journalled.
  const folder = fs.openSync(path.dirname(file), "r");
  try {
    fs.fsyncSync(folder);
  } finally {
    fs.closeSync(folder);
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += fs.writeSync(fd, bytes, done);
}

/**
 * Writes a file beside `file`, on disk when this returns. Nothing refers to it until `replaceFile` gives it the name.
 * One that a crash left behind is overwritten.
 */
export function writeReplacement(file: string, parts: Iterable<Uint8Array>): void {
  const fd = fs.openSync(`${file}.tmp`, "w", 0o600);
  try {
    for (const bytes of parts) writeAll(fd, bytes);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Gives the written replacement the name: at every instant the file is the old one or the new one, whole. */
export function replaceFile(file: string): void {
  fs.renameSync(`${file}.tmp`, file);
}

/** Removes a replacement that was never used. */
export function dropReplacement(file: string): void {
  fs.rmSync(`${file}.tmp`, { force: true });
}

const MAX_COPIES = 10;

/**
 * Keeps what a file holds before it is repaired, as `<file>.torn`, then `<file>.torn.1` and so on; the tenth is
 * overwritten by later ones, so that damage at each start can't fill the disk.
 * @returns the copy's path.
 */
export function keepCopy(file: string): string {
  const names = Array.from({ length: MAX_COPIES }, (_, i) => (i === 0 ? `${file}.torn` : `${file}.torn.${i}`));
  const copy = names.find((name) => !fs.existsSync(name)) ?? (names[MAX_COPIES - 1] as string);
  fs.copyFileSync(file, copy);
  const fd = fs.openSync(copy, "r+");
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
  syncFolderOf(copy);
  return copy;
}
