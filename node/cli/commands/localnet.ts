import { fileURLToPath } from "node:url";
import { NODE_FLAGS } from "../../../bin/node-flags.mjs";
import { localPorts, MAX_LOCAL_VALIDATORS } from "../../local-network.ts";
import { UserError } from "../../user-error.ts";
import { integerOption, parseArguments } from "../arguments.ts";
import type { Command } from "../command.ts";
import { localnetUp } from "../localnet/up.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

export const localnet: Command = {
  name: "localnet",
  summary: "runs a network of validators on this machine, with funded accounts and a demo model",
  usage: "localnet [up] [--fresh] [--dir .localnet] [--validators n] [--port-offset n]",
  async run(args, io) {
    const { values, positionals } = parseArguments(
      localnet,
      args,
      {
        fresh: { type: "boolean", default: false },
        dir: { type: "string", default: ".localnet" },
        validators: { type: "string" },
        "port-offset": { type: "string", default: "0" },
      },
      ["up?"],
    );
    const [action = "up"] = positionals;
    if (action !== "up") throw new UserError(`localnet: unknown action "${action}"; the only one is up`);
    const offset = integerOption("port-offset", values["port-offset"], 0, 30_000);
    const validators =
      values.validators === undefined
        ? {}
        : { validators: integerOption("validators", values.validators, 1, MAX_LOCAL_VALIDATORS) };
    const { modules } = await import("../../../modules/registry.ts");
    await localnetUp(
      {
        dir: values.dir,
        modules,
        fresh: values.fresh,
        ...validators,
        ports: (index) => localPorts(index, offset),
        command: (node) => [...NODE_FLAGS, MAIN, "start", "--home", node.home],
        prepare: async (network, signal) => {
          const { registerDemoModel } = await import("../demo-model.ts");
          await registerDemoModel(network, io, signal);
        },
      },
      io,
    );
    return 0;
  },
};
