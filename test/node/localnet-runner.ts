import { join } from "node:path";
import { dispatch } from "../../node/cli/dispatch.ts";
import { localnetUp } from "../../node/cli/localnet/up.ts";
import { testModules } from "../genesis/modules.ts";

/**
 * `localnet up` with stand-ins for its nodes, run as a process of its own because it takes signals.
 * Arguments: folder, ports of each node as JSON, fault of the last node, milliseconds until the first block.
 */
const [dir = "", ports = "[]", fault = "", limitMs = "60000"] = process.argv.slice(2);
const portsOf = JSON.parse(ports) as { rpc: number; p2p: number; metrics: number }[];

const io = {
  out: (text: string) => void process.stdout.write(`${text}\n`),
  err: (text: string) => void process.stderr.write(`${text}\n`),
};

const up = {
  name: "up",
  summary: "",
  usage: "",
  async run() {
    await localnetUp(
      {
        dir,
        modules: testModules(),
        validators: portsOf.length,
        ports: (index) => portsOf[index] ?? { rpc: 0, p2p: 0, metrics: 0 },
        command: ({ home, moniker }) => {
          const own = moniker === `node${portsOf.length - 1}` ? [fault] : [];
          return [join(import.meta.dirname, "fake-node.ts"), home, ...own];
        },
        prepare: async (network) => io.out(`prepared ${network.chainId}`),
        limitMs: Number(limitMs),
      },
      io,
    );
    return 0;
  },
};

process.exitCode = await dispatch({ up: async () => up }, ["up"], io);
