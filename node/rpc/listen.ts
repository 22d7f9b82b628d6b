import type { Server } from "node:http";

/** Where a server came to listen; `port` is the real one when 0 was asked for. */
export interface Listening {
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Another process has the port. The message is one line that tells a person what to change. */
export class PortInUseError extends Error {
  readonly code = "EADDRINUSE";
  readonly port: number;
  constructor(port: number) {
    super(`port ${port} is in use`);
    this.name = "PortInUseError";
    this.port = port;
  }
}

/** The error to report when listening on `port` failed with `error`. */
export function listenError(error: unknown, port: number): unknown {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE" ? new PortInUseError(port) : error;
}

/** The address that a listening server is bound to. */
export function boundTo(server: Server): { readonly address: string; readonly port: number } {
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("the server is not listening on a TCP port");
  return { address: bound.address, port: bound.port };
}
