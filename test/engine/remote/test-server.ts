import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { CERTIFICATE, CERTIFICATE_KEY } from "./self-signed.ts";

export interface TestServer {
  readonly url: string;
  /** Connections that are open now, and ever made. */
  readonly open: number;
  readonly made: number;
  /** Paths asked for, in order, with the method. */
  readonly asked: readonly string[];
  /** Resolves when no connection is open: the test runs into its time limit when one stays. */
  allClosed(): Promise<void>;
  close(): Promise<void>;
}

/** On 127.0.0.1, at a free port unless one is named. */
export async function startTestServer(
  listener: RequestListener,
  { tls = false, port: wanted = 0 }: { readonly tls?: boolean; readonly port?: number } = {},
): Promise<TestServer> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  let made = 0;
  const counted: RequestListener = (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    listener(request, response);
  };
  const server: Server = tls
    ? createTlsServer({ key: CERTIFICATE_KEY, cert: CERTIFICATE }, counted)
    : createServer({ keepAlive: true }, counted);
  server.on("connection", (socket: Socket) => {
    made++;
    sockets.add(socket);
    socket.on("error", () => {}); // Its other end hangs up on purpose.
    socket.on("close", () => {
      sockets.delete(socket);
      server.emit("oneClosed");
    });
  });
  server.listen(wanted, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls ? "https" : "http"}://127.0.0.1:${port}`,
    get open() {
      return sockets.size;
    },
    get made() {
      return made;
    },
    asked,
    async allClosed() {
      while (sockets.size > 0) await once(server, "oneClosed");
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}
