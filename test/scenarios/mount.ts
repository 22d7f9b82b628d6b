import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** As root, or in CI by sudo without a password; nobody else's machine is asked for that. */
function run(...command: readonly string[]): void {
  const isRoot = process.getuid?.() === 0;
  const [program = "", ...args] = isRoot || process.env.CI !== "true" ? command : ["sudo", "-n", ...command];
  execFileSync(program, args, { stdio: "pipe" });
}

/** Mounts a file system in memory of so many bytes on a folder, which is made when missing. Takes root on Linux. */
export function mountMemory(folder: string, bytes: number): void {
  mkdirSync(folder, { recursive: true });
  run("mount", "-t", "tmpfs", "-o", `size=${bytes},uid=${process.getuid?.() ?? 0}`, "none", folder);
}

export function remountReadOnly(folder: string): void {
  run("mount", "-o", "remount,ro", folder);
}

export function unmount(folder: string): void {
  run("umount", "-l", folder);
}

/** Why this machine can't mount, or undefined where it can. */
export function whyNoMount(): string | undefined {
  if (process.platform !== "linux") return `${process.platform} has no tmpfs`;
  const folder = mkdtempSync(join(tmpdir(), "assay-mount-"));
  try {
    mountMemory(folder, 65_536);
    unmount(folder);
    return undefined;
  } catch (error) {
    return `mounting takes root (${String(error).split("\n").at(0)?.slice(0, 80)})`;
  } finally {
    rmdirSync(folder);
  }
}
