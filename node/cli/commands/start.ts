import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { homePaths, readConfig } from "../../home.ts";
import { parseArguments } from "../arguments.ts";
import type { Command } from "../command.ts";
import { stopSignal } from "../stop-signal.ts";

export const start: Command = {
  name: "start",
  summary: "runs a node until Ctrl-C",
  usage: "start [--home dir]",
  async run(args, io) {
    const { values } = parseArguments(start, args, {
      home: { type: "string", default: join(homedir(), ".assay") },
    });
    const home = resolve(values.home);
    const config = readConfig(homePaths(home).config);
    const signal = stopSignal();
    const { startNode } = await import("../../node.ts");
    const node = await startNode({ home, config });
    // A node that fails rejects `finished`, which ends the command with its error.
    const reason = await Promise.race([signal.stopped, node.finished]);
    if (reason !== undefined) io.err(`stopping: ${reason}`);
    await node.stop();
    signal.dispose();
    if (process.connected) process.disconnect();
    return 0;
  },
};
