import { createServer } from "node:http";
import { homePaths, readConfig } from "../../node/home.ts";

/**
 * Stands in for a node's process in tests of the local network: answers `/status` on the configured port.
 * Arguments: its home, and how it misbehaves (`dies` after the first question, `stubborn` to SIGINT, `mute`).
 */
const [home = "", fault = ""] = process.argv.slice(2);
const { rpc } = readConfig(homePaths(home).config);
let questions = 0;

const server = createServer((_, response) => {
  questions += 1;
  if (fault === "dies") process.exit(3);
  // Like a network that needs a moment for its first block.
  const height = questions > 2 ? "1" : "0";
  response.end(JSON.stringify({ result: { sync_info: { latest_block_height: height } } }));
});
if (fault !== "mute") server.listen(rpc.port, rpc.host, () => process.stdout.write(`pid ${process.pid}\n`));
else setInterval(() => {}, 1000);

process.on("SIGINT", () => {
  if (fault !== "stubborn") process.exit(0);
});
process.on("disconnect", () => process.exit(0));
