/**
 * The one failure that is a result: a transaction that throws it is written down as failed, with its fee charged.
 * Any other exception is a fault of the node (DESIGN: exceptions) and must never be turned into one of these.
 */
export class TxError extends Error {
  readonly codespace: string;
  readonly code: number;
  constructor(codespace: string, code: number, message: string) {
    super(message);
    this.name = "TxError";
    this.codespace = codespace;
    this.code = code;
  }
}

/**
 * Codes of the codespace `sdk` and the texts that clients match, as in the Cosmos SDK's `types/errors`.
 * A message is `<what happened>: <text>`.
 */
export const SDK_ERRORS = {
  txParse: [2, "tx parse error"],
  unauthorized: [4, "unauthorized"],
  insufficientFunds: [5, "insufficient funds"],
  unknownRequest: [6, "unknown request"],
  invalidAddress: [7, "invalid address"],
  invalidPubKey: [8, "invalid pubkey"],
  unknownAddress: [9, "unknown address"],
  invalidCoins: [10, "invalid coins"],
  outOfGas: [11, "out of gas"],
  memoTooLarge: [12, "memo too large"],
  insufficientFee: [13, "insufficient fee"],
  tooManySignatures: [14, "maximum number of signatures exceeded"],
  noSignatures: [15, "no signatures supplied"],
  invalidRequest: [18, "invalid request"],
  txInMempool: [19, "tx already in mempool"],
  mempoolFull: [20, "mempool is full"],
  txTooLarge: [21, "tx too large"],
  keyNotFound: [22, "key not found"],
  invalidSigner: [24, "tx intended signer does not match the given signer"],
  invalidChainId: [28, "invalid chain-id"],
  invalidType: [29, "invalid type"],
  txTimeout: [30, "tx timeout height"],
  wrongSequence: [32, "incorrect account sequence"],
  notFound: [38, "not found"],
} as const satisfies Record<string, readonly [number, string]>;
export type SdkErrorName = keyof typeof SDK_ERRORS;

export function sdkError(name: SdkErrorName, detail: string): TxError {
  const [code, text] = SDK_ERRORS[name];
  return new TxError("sdk", code, `${detail}: ${text}`);
}

/**
 * A block breaks a rule of the chain. While validating it makes a proposal invalid; while applying a decided block it
 * stops the node. `reason` names the rule, the value found and the value expected.
 */
export class InvalidBlockError extends Error {
  readonly reason: string;
  constructor(reason: string) {
    super(`invalid block: ${reason}`);
    this.name = "InvalidBlockError";
    this.reason = reason;
  }
}

/** gRPC status codes that queries answer with (google.rpc.Code). */
export const GRPC = { invalidArgument: 3, notFound: 5, unimplemented: 12 } as const;
export type GrpcCode = (typeof GRPC)[keyof typeof GRPC];

/** A query that can't be answered. Transports map the code (abci: NotFound→22, InvalidArgument→18, other→6). */
export class QueryError extends Error {
  readonly code: GrpcCode;
  constructor(code: GrpcCode, message: string) {
    super(message);
    this.name = "QueryError";
    this.code = code;
  }
}
