/** The node does not answer, or with something that can't be true. The message names the node or the answer's fault. */
export class NodeError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "NodeError";
  }
}

/** A node answered a call with an error of its own; `code` is JSON-RPC's. */
export class RpcCallError extends NodeError {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.name = "RpcCallError";
    this.code = code;
  }
}

/** A transaction was refused, or got into a block and failed there. `code` is of `codespace`; the message is the node's log. */
export class TransactionFailed extends Error {
  readonly codespace: string;
  readonly code: number;
  constructor(codespace: string, code: number, log: string) {
    super(log === "" ? `code ${code} of ${codespace}` : log);
    this.name = "TransactionFailed";
    this.codespace = codespace;
    this.code = code;
  }
}

/** A node does not take a model. `code` is one of the table in docs/errors-and-events.md; the message is the node's text. */
export class UploadRefused extends Error {
  readonly code: string;
  /** Of HTTP. */
  readonly status: number;
  constructor(code: string, text: string, status: number) {
    super(text);
    this.name = "UploadRefused";
    this.code = code;
    this.status = status;
  }
}

/** Something did not happen in time; it may still. */
export class TooLate extends Error {
  constructor(what: string, ms: number) {
    super(`${what} took more than ${ms} ms`);
    this.name = "TooLate";
  }
}

/** A light client can not go on trusting what it is told; the message says whom and why. Nothing unproven has been stored. */
export class LightClientError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "LightClientError";
  }
}

/** Whether a query failed because there is no such thing, as opposed to any other reason. */
export function isNotFound(error: unknown): boolean {
  return error instanceof Error && error.message.includes("code = NotFound");
}
