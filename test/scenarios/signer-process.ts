import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { NODE_FLAGS } from "../../bin/node-flags.mjs";
import { eventually } from "./wait.ts";

const MAIN = join(import.meta.dirname, "../../node/cli/main.ts");

/** A remote signer as a process of its own. */
export interface SignerProcess {
  start(failpoint?: string): Promise<void>;
  kill(): Promise<void>;
  /** Stops it where it is, connections open, until `resume`. */
  pause(): void;
  resume(): void;
  /** How it ended by itself. */
  end(): Promise<number | string>;
  log(): string;
}

/** @param home made by `assay signer init`. */
export function signerProcess(home: string): SignerProcess {
  const path = join(home, "signer.log");
  let child: ChildProcess | undefined;
  const log = () => readFileSync(path, "utf8");
  const ended = async () => child?.signalCode ?? child?.exitCode ?? undefined;
  return {
    async start(failpoint) {
      const file = openSync(path, "a");
      const before = readFileSync(path, "utf8").length;
      child = spawn(process.execPath, [...NODE_FLAGS, MAIN, "signer", "start", "--home", home], {
        stdio: ["ignore", file, file, "ipc"],
        env: { ...process.env, ...(failpoint === undefined ? {} : { ASSAY_FAILPOINT: failpoint }) },
      });
      closeSync(file);
      await eventually("the signer", async () => {
        const isUp = log().slice(before).includes("signer started") || (await ended()) !== undefined;
        return isUp ? true : undefined;
      });
    },
    async kill() {
      child?.kill("SIGKILL");
      await eventually("the signer's end", ended);
    },
    pause: () => void child?.kill("SIGSTOP"),
    resume: () => void child?.kill("SIGCONT"),
    end: () => eventually("the signer's end by itself", ended),
    log,
  };
}
