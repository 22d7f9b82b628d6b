import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemErrorCode, UserError } from "../../user-error.ts";

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === "EPERM"; // Alive, but another user's.
  }
}

function tryTake(path: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, "wx");
  } catch (error) {
    if (systemErrorCode(error) === "EEXIST") return false;
    throw error;
  }
  writeFileSync(fd, `${process.pid}\n`);
  closeSync(fd);
  return true;
}

/**
 * Makes this process the only one that runs the network of a folder. A lock whose process is gone is taken over.
 * @returns a function that gives the folder free.
 * @throws UserError when another process has it.
 */
export function lockFolder(dir: string): () => void {
  const path = join(dir, "lock");
  for (let attempt = 0; attempt < 2; attempt++) {
    if (tryTake(path)) return () => rmSync(path, { force: true });
    const pid = Number.parseInt(readFileSync(path, "utf8"), 10);
    if (Number.isSafeInteger(pid) && pid > 0 && pid !== process.pid && isAlive(pid)) {
      throw new UserError(`the network in ${dir} is run by process ${pid} already (if it is not, delete ${path})`);
    }
    rmSync(path, { force: true });
  }
  throw new UserError(`${path} was taken by another process just now`);
}
