/** What a stranger may make the RPC server hold or do. */
export interface RpcLimits {
  /** Bytes of a request's body, or of one websocket message. A transaction of 1 MiB takes 1.4 MB in base64. */
  readonly bodyBytes: number;
  /** Calls in one batch. */
  readonly batch: number;
  /** Bytes of the answers to one batch; the calls after it fail. */
  readonly answerBytes: number;
  /** TCP connections. */
  readonly connections: number;
  readonly websocketClients: number;
  readonly subscriptionsPerClient: number;
  /** Calls of one websocket client that wait or run, and the bytes of those that wait. */
  readonly pendingCalls: number;
  readonly pendingBytes: number;
  /** Bytes a websocket client has not read yet; a slower client is dropped. */
  readonly sendQueueBytes: number;
  /** Blocks whose events wait to be sent. */
  readonly eventBacklog: number;
  /** Milliseconds between pings; a websocket client that does not answer one before the next is dropped. */
  readonly pingInterval: number;
  /** Milliseconds that broadcast_tx_commit waits for a block. */
  readonly commitTimeout: number;
  /** Calls of broadcast_tx_commit that wait at once. */
  readonly commitWaiters: number;
}

export const DEFAULT_LIMITS: RpcLimits = {
  bodyBytes: 2 * 1024 * 1024,
  batch: 100,
  answerBytes: 64 * 1024 * 1024,
  connections: 1000,
  websocketClients: 100,
  subscriptionsPerClient: 20,
  pendingCalls: 1000,
  pendingBytes: 8 * 1024 * 1024,
  sendQueueBytes: 16 * 1024 * 1024,
  eventBacklog: 16,
  pingInterval: 27_000,
  commitTimeout: 10_000,
  commitWaiters: 100,
};

/** Entries of a list on one page, as in CometBFT: what is asked for above the most is cut, not refused. */
export const DEFAULT_PER_PAGE = 30;
export const MAX_PER_PAGE = 100;
