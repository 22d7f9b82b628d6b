import { createServer } from "node:net";
import type { LocalNode, NodePorts } from "../../local-network.ts";
import { systemErrorCode, UserError } from "../../user-error.ts";

const NAMES = { rpc: "RPC", p2p: "p2p", metrics: "metrics" } as const satisfies Record<keyof NodePorts, string>;

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  server.once("error", (error) => {
    const code = systemErrorCode(error);
    if (code === "EADDRINUSE" || code === "EACCES") resolve(false);
    else reject(error);
  });
  server.listen({ host: "127.0.0.1", port, exclusive: true }, () => server.close(() => resolve(true)));
  return promise;
}

/**
 * Asks for each port before any node starts, so that a port in use is one line here instead of a line in some log.
 * @throws UserError naming the first port that is in use.
 */
export async function checkPorts(nodes: readonly LocalNode[]): Promise<void> {
  for (const node of nodes) {
    for (const kind of ["rpc", "p2p", "metrics"] as const) {
      const port = node.ports[kind];
      if (port === 0 || (await isFree(port))) continue;
      throw new UserError(
        `port ${port} (${NAMES[kind]} of ${node.moniker}) is in use: stop what uses it, or shift all ports with --port-offset`,
      );
    }
  }
}
