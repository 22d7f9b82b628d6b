/**
 * `timeout`, `oversize`, `malformed`: the peer broke the protocol. `refused`: it would not have the request. `unavailable`:
 * it does not have what was asked for. `busy`: too many requests, ask later. `unsupported`: it does not speak the protocol.
 * `disconnected`: no connection, or lost on the way. `aborted`: the caller gave up.
 */
export type PeerErrorCode =
  | "timeout"
  | "oversize"
  | "malformed"
  | "refused"
  | "unavailable"
  | "busy"
  | "unsupported"
  | "disconnected"
  | "aborted";

/** A failure that a peer answers for with `penalty` points (0: not its fault). */
export class PeerError extends Error {
  readonly peer: string;
  readonly penalty: number;
  readonly code: PeerErrorCode;
  constructor(peer: string, code: PeerErrorCode, penalty: number, message: string) {
    super(`peer ${peer}: ${message}`);
    this.name = "PeerError";
    this.peer = peer;
    this.penalty = penalty;
    this.code = code;
  }
}
