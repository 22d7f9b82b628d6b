/** An id is echoed as it came: clients compare it with `===`. */
export type RpcId = string | number;

/** A call that has been checked to be one; its parameters have not. */
export interface RpcRequest {
  /** Absent in a notification, which gets no answer and, as in CometBFT, is not carried out. */
  readonly id: RpcId | undefined;
  readonly method: string;
  readonly params: unknown;
}

/** JSON-RPC 2.0, section 5.1. CometBFT reports every failure of a method as an internal error, with the reason as data. */
export const RPC_ERROR = {
  parse: [-32700, "Parse error"],
  invalidRequest: [-32600, "Invalid Request"],
  methodNotFound: [-32601, "Method not found"],
  invalidParams: [-32602, "Invalid params"],
  internal: [-32603, "Internal error"],
  server: [-32000, "Server error"],
} as const satisfies Record<string, readonly [number, string]>;

/** A failure that the client is told about. `data` says what was wrong. */
export class RpcError extends Error {
  readonly code: number;
  readonly data: string;
  constructor(kind: keyof typeof RPC_ERROR, data: string) {
    super(RPC_ERROR[kind][1]);
    this.name = "RpcError";
    this.code = RPC_ERROR[kind][0];
    this.data = data;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The id of something that may not even be a request, for the answer that says so. */
export function idOf(value: unknown): RpcId | undefined {
  if (!isRecord(value) || !Object.hasOwn(value, "id")) return undefined;
  return typeof value.id === "string" || typeof value.id === "number" ? value.id : undefined;
}

/** @throws RpcError for what is not a JSON-RPC 2.0 request. */
export function parseRequest(value: unknown): RpcRequest {
  if (!isRecord(value)) throw new RpcError("invalidRequest", "a request is an object");
  const { id, method, params } = value;
  if (id !== undefined && id !== null && typeof id !== "string" && typeof id !== "number") {
    throw new RpcError("invalidRequest", "an id is a string or a number");
  }
  if (typeof id === "string" && id.length > 256) throw new RpcError("invalidRequest", "an id of over 256 characters");
  if (typeof method !== "string") throw new RpcError("invalidRequest", "a request names its method");
  return { id: id ?? undefined, method, params };
}

/** @returns an answer's text. `result` must hold nothing that JSON has no form for. */
export function successText(id: RpcId, result: object): string {
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${JSON.stringify(result)}}`;
}

export function errorText(id: RpcId | undefined, error: RpcError): string {
  const { code, message, data } = error;
  return JSON.stringify({ jsonrpc: "2.0", id: id ?? null, error: { code, message, data } });
}
