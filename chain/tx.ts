import type { AuthInfo, TxBody } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import type { Context, ParsedMessage } from "./module.ts";

/** An amount of one denomination, in base units. */
export interface Coin {
  readonly denom: string;
  readonly amount: bigint;
}

/** A transaction that has been decoded and whose parts fit together; nothing about it has been verified. */
export interface DecodedTx {
  /** As received: hash and signatures are over these bytes and the two below, never over a re-encoding. */
  readonly bytes: Uint8Array;
  readonly bodyBytes: Uint8Array;
  readonly authInfoBytes: Uint8Array;
  readonly signatures: readonly Uint8Array[];
  /** SHA-256 of `bytes`. */
  readonly hash: Uint8Array;
  readonly body: TxBody;
  readonly authInfo: AuthInfo;
  readonly messages: readonly ParsedMessage[];
  /** Signers of all messages in order of first appearance. */
  readonly signers: readonly Uint8Array[];
  readonly fee: readonly Coin[];
  readonly gasLimit: number;
}

/** The time, in milliseconds, after which no block may hold the transaction; undefined where it names none. */
export function timeoutOf({ timeoutTimestamp }: Pick<TxBody, "timeoutTimestamp">): bigint | undefined {
  if (timeoutTimestamp === undefined) return undefined;
  return timeoutTimestamp.seconds * 1000n + BigInt(Math.floor(timeoutTimestamp.nanos / 1_000_000));
}

/**
 * What tells a transaction's messages from those of its first signer's other ones: its sequence or, since all unordered ones have the
 * sequence 0, its time-out in milliseconds, which is its nonce and far above any sequence.
 */
export function sequenceOf({ body, authInfo }: Pick<DecodedTx, "body" | "authInfo">): number {
  return Number((body.unordered ? timeoutOf(body) : authInfo.signerInfos[0]?.sequence) ?? 0n);
}

/**
 * `simulate` skips signature checks and fees, everything else runs as in a block. `recheck` is a `check` of a transaction that has
 * passed one before: its signatures are not verified again, since what they cover has not changed.
 */
export type TxMode = "deliver" | "check" | "recheck" | "simulate";

/**
 * What every transaction passes before its messages: size, fee, sequence, signature, gas. Writes it makes stay even when
 * a message fails. Throws TxError, after which the transaction has no effect at all (and can't be in a block).
 */
export type Ante = (ctx: Context, tx: DecodedTx, mode: TxMode) => void;
