// Runs the pinned Node in this process's place: its output, its signals, its exit code.
import { spawn } from "node:child_process";
import { constants } from "node:os";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * @param {string} node path of the Node to run.
 * @param {readonly string[]} args
 * @returns {Promise<number>} the exit code; 128 + the number of a signal that ended it.
 */
export function handOver(node, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, { stdio: "inherit" });
    // A terminal sends Ctrl-C to both processes; the child ignores the second one.
    const passOn = (signal) => void child.kill(signal);
    for (const signal of SIGNALS) process.on(signal, passOn);
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      for (const name of SIGNALS) process.off(name, passOn);
      resolve(signal === null ? (code ?? 1) : 128 + (constants.signals[signal] ?? 0));
    });
  });
}
