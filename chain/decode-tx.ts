import { AuthInfo, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { equalBytes, toHex } from "./bytes.ts";
import { sha256 } from "./crypto/hash.ts";
import { isDenom } from "./denom.ts";
import { sdkError, TxError } from "./errors.ts";
import type { ChainSpec, MessageRegistry, ParsedMessage } from "./module.ts";
import { strictReader } from "./strict-reader.ts";
import type { Coin, DecodedTx } from "./tx.ts";

/** More signers than this have no use and would make one transaction cost as much as a block. */
const MAX_SIGNERS = 16;
const MAX_MESSAGES = 256;
const MAX_FEE_COINS = 8;
/** Denominations as in the Cosmos SDK. */
const MAX_UINT128 = (1n << 128n) - 1n;

/** A decoder's exception on a stranger's bytes is the bytes' fault: the decoders are pure functions of them. */
function parsed<T>(what: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof TxError) throw error;
    throw sdkError("txParse", `${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** @returns the amount of a decimal string without sign or leading zeros, or undefined when it is none or above 2^128 - 1. */
export function parseAmount(text: string): bigint | undefined {
  if (!/^(0|[1-9][0-9]{0,38})$/.test(text)) return undefined;
  const amount = BigInt(text);
  return amount <= MAX_UINT128 ? amount : undefined;
}

/**
 * Coins as clients send them: positive, sorted by denomination, none twice.
 * @throws TxError sdk 10.
 */
export function parseCoins(coins: readonly { denom: string; amount: string }[]): readonly Coin[] {
  const result: Coin[] = [];
  let previous = "";
  for (const { denom, amount } of coins) {
    if (!isDenom(denom)) throw sdkError("invalidCoins", `invalid denom: ${denom.slice(0, 130)}`);
    const value = parseAmount(amount);
    if (value === undefined || value === 0n) {
      throw sdkError("invalidCoins", `coin ${amount.slice(0, 50)}${denom}: the amount must be a positive integer`);
    }
    if (denom <= previous) throw sdkError("invalidCoins", `denom ${denom} is out of order or stands twice`);
    previous = denom;
    result.push({ denom, amount: value });
  }
  return result;
}

function parseMessages(body: TxBody, registry: MessageRegistry, spec: ChainSpec): readonly ParsedMessage[] {
  if (body.messages.length === 0) throw sdkError("invalidRequest", "must contain at least one message");
  if (body.messages.length > MAX_MESSAGES) {
    throw sdkError("invalidRequest", `${body.messages.length} messages, at most ${MAX_MESSAGES} are allowed`);
  }
  return body.messages.map(({ typeUrl, value }) => {
    const type = registry.get(typeUrl);
    if (type === undefined) throw sdkError("txParse", `unable to resolve type URL ${typeUrl.slice(0, 200)}`);
    return parsed(typeUrl, () => type.parse(value, spec));
  });
}

/**
 * Decodes a transaction and checks that its parts fit together. Nothing that needs state or a signature is checked.
 * @throws TxError
 */
export function decodeTx(bytes: Uint8Array, registry: MessageRegistry, spec: ChainSpec): DecodedTx {
  const raw = parsed("transaction", () => TxRaw.decode(strictReader(bytes)));
  const body = parsed("body", () => TxBody.decode(strictReader(raw.bodyBytes)));
  const authInfo = parsed("auth info", () => AuthInfo.decode(strictReader(raw.authInfoBytes)));
  if (!equalBytes(TxRaw.encode(raw).finish(), bytes)) {
    throw sdkError("txParse", "the transaction is not encoded canonically: the same content could have two hashes");
  }
  if (body.extensionOptions.length > 0) {
    throw sdkError("unknownRequest", `unknown extension option ${body.extensionOptions[0]?.typeUrl.slice(0, 200)}`);
  }
  const messages = parseMessages(body, registry, spec);
  const signers = new Map<string, Uint8Array>();
  for (const message of messages) for (const signer of message.signers) signers.set(toHex(signer), signer);
  if (signers.size > MAX_SIGNERS)
    throw sdkError("tooManySignatures", `${signers.size} signers, at most ${MAX_SIGNERS}`);
  const fee = authInfo.fee;
  if (fee === undefined) throw sdkError("insufficientFee", "the transaction names no fee");
  if (fee.amount.length > MAX_FEE_COINS) throw sdkError("invalidCoins", `a fee of ${fee.amount.length} denominations`);
  if (fee.gasLimit > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw sdkError("invalidRequest", `gas limit ${fee.gasLimit} is above ${Number.MAX_SAFE_INTEGER}`);
  }
  return {
    bytes,
    bodyBytes: raw.bodyBytes,
    authInfoBytes: raw.authInfoBytes,
    signatures: raw.signatures,
    hash: sha256(bytes),
    body,
    authInfo,
    messages,
    signers: [...signers.values()],
    fee: parseCoins(fee.amount),
    gasLimit: Number(fee.gasLimit),
  };
}
