import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { NodeConfig } from "../../config.ts";
import { homePaths, readConfig } from "../../home.ts";
import { UserError } from "../../user-error.ts";
import { parseArguments } from "../arguments.ts";
import type { Command } from "../command.ts";
import { stopSignal } from "../stop-signal.ts";

/** For tests only: ends the process at a named point (node/failpoints.ts). No file can hold it, so that none is left on. */
const FAILPOINT_VARIABLE = "ASSAY_FAILPOINT";

/** @throws UserError for a height or an id that is none. */
function withTrust(config: NodeConfig, height: string | undefined, hash: string | undefined): NodeConfig {
  if (height === undefined && hash === undefined) return config;
  if (!/^[1-9]\d{0,15}$/.test(height ?? "") || !/^[0-9a-fA-F]{64}$/.test(hash ?? "")) {
    throw new UserError("--trust-height takes the number of a block and --trust-hash its id, 64 hex digits: give both");
  }
  return { ...config, sync: { ...config.sync, trustHeight: Number(height), trustHash: hash ?? "" } };
}

export const start: Command = {
  name: "start",
  summary: "runs a node until Ctrl-C",
  usage: "start [--home dir] [--trust-height n --trust-hash <block id>]",
  async run(args, io) {
    const { values } = parseArguments(start, args, {
      home: { type: "string", default: join(homedir(), ".assay") },
      "trust-height": { type: "string" },
      "trust-hash": { type: "string" },
    });
    const home = resolve(values.home);
    const config = withTrust(readConfig(homePaths(home).config), values["trust-height"], values["trust-hash"]);
    const signal = stopSignal();
    const stopping = new AbortController();
    void signal.stopped.then(() => stopping.abort());
    try {
      const { startNode } = await import("../../node.ts");
      const options = { home, config, signal: stopping.signal, failpoint: process.env[FAILPOINT_VARIABLE] };
      const node = await startNode(options).catch((error: unknown) => {
        if (!stopping.signal.aborted) throw error;
        io.err("stopping before the node was up");
        return undefined;
      });
      if (node === undefined) return 0;
      // A node that fails rejects `finished`, which ends the command with its error.
      const reason = await Promise.race([signal.stopped, node.finished]).catch(async (error: unknown) => {
        await node.stop().catch(() => undefined); // What failed first is what a person needs to know.
        throw error;
      });
      if (reason !== undefined) io.err(`stopping: ${reason}`);
      await node.stop();
    } finally {
      // A start that fails, too, must leave no open channel to the parent, which would keep the process.
      signal.dispose();
      if (process.connected) process.disconnect();
    }
    return 0;
  },
};
