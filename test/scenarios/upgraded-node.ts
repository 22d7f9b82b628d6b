import type { Context } from "../../chain/module.ts";
import { setModuleVersion } from "../../modules/upgrade/handlers.ts";
import { stopSignal } from "../../node/cli/stop-signal.ts";
import { homePaths, readConfig } from "../../node/home.ts";
import { startNode } from "../../node/node.ts";

/**
 * A node of a later build: it says another version of itself, and knows the upgrade of that name. Arguments: its home and the version.
 */

function migrate(ctx: Context): void {
  setModuleVersion(ctx, "gov", 2);
}

const [home = "", version = ""] = process.argv.slice(2);
if (version === "") throw new Error("no version is given");
const signal = stopSignal();
try {
  const node = await startNode({
    home,
    config: readConfig(homePaths(home).config),
    build: { version, handlers: new Map([[version, migrate]]) },
  });
  await Promise.race([signal.stopped, node.finished]);
  await node.stop();
} finally {
  signal.dispose();
  if (process.connected) process.disconnect();
}
