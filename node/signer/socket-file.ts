import { chmodSync, lstatSync, mkdirSync, statSync, unlinkSync } from "node:fs";
import { connect } from "node:net";
import { dirname } from "node:path";
import { systemErrorCode, UserError } from "../user-error.ts";

/** What the systems' `sun_path` holds, the smallest of them (macOS), with its end. */
export const MAX_SOCKET_PATH = 103;

/** Whether somebody listens there. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error) => {
      const code = systemErrorCode(error);
      if (code === "ECONNREFUSED" || code === "ENOENT") resolve(false);
      else reject(new UserError(`socket ${path} can't be tried: ${error.message}`, { cause: error }));
    });
  });
}

/**
 * Makes way for a socket: its folder is made, private to this user, and what a killed signer has left is removed.
 * @throws UserError when a live signer holds it, when something else stands there, or when others can reach the folder.
 */
export async function claimSocket(path: string): Promise<void> {
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH) {
    throw new UserError(`socket ${path} has a path of more than ${MAX_SOCKET_PATH} bytes: choose a shorter one`);
  }
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { mode, uid } = statSync(folder);
  if ((mode & 0o077) !== 0 || (process.getuid !== undefined && uid !== process.getuid())) {
    throw new UserError(`folder ${folder} of the socket must be this user's alone: run chmod 700 ${folder}`);
  }
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new UserError(`${path} is in the way of the socket: move it away`);
  if (await isAnswered(path)) throw new UserError(`socket ${path} is held by a signer that runs: stop it first`);
  unlinkSync(path);
}

/** For its owner only. */
export function restrictSocket(path: string): void {
  chmodSync(path, 0o600);
}
