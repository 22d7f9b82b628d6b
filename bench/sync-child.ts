import "../node/ssz-hasher.ts";
import { modules } from "../modules/registry.ts";
import { NO_FAILPOINT } from "../node/failpoints.ts";
import { homePaths, readConfig, readGenesis } from "../node/home.ts";
import { loadNodeKey } from "../node/keys/node-keys.ts";
import { createLog } from "../node/log.ts";
import { createMetrics } from "../node/metrics.ts";
import { startNode } from "../node/node.ts";
import { restoreWhenEmpty } from "../node/snapshots/restore-node.ts";

/** A new node in a process of its own. Arguments: `blocks` or `restore`, its home, the height it has to reach. Prints one line of JSON. */
const [mode, home = "", target = "0"] = process.argv.slice(2);
const config = readConfig(homePaths(home).config);
const begun = performance.now();
let usedBefore = process.cpuUsage();

function tell(from: number): void {
  const seconds = (performance.now() - from) / 1000;
  const { user, system } = process.cpuUsage(usedBefore);
  const cpuSeconds = (user + system) / 1e6;
  process.stdout.write(`${JSON.stringify({ seconds, cpuSeconds, rssMiB: process.resourceUsage().maxRSS / 1024 })}\n`);
}

if (mode === "restore") {
  const paths = homePaths(home);
  const inputs = {
    paths,
    config,
    genesis: readGenesis(paths.genesis, modules),
    nodeKey: loadNodeKey(paths.nodeKey),
    log: createLog({ level: "warn", name: "new" }),
    metrics: createMetrics({ process: false }).metrics,
    failpoint: NO_FAILPOINT,
  };
  await restoreWhenEmpty(inputs, new AbortController().signal);
  tell(begun);
} else {
  const node = await startNode({ home, config });
  let first: number | undefined;
  await new Promise<void>((resolve) => {
    node.api.onCommit(({ block }) => {
      if (first === undefined) {
        first = performance.now();
        usedBefore = process.cpuUsage();
      }
      if (block.header.height >= Number(target)) resolve();
    });
  });
  tell(first ?? begun);
  await node.stop();
}
