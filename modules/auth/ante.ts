import { PubKey } from "cosmjs-types/cosmos/crypto/secp256k1/keys";
import { SignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import { SignDoc } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import type { Any } from "cosmjs-types/google/protobuf/any";
import { equalBytes } from "../../chain/bytes.ts";
import { consensusParams } from "../../chain/consensus-params.ts";
import { accountAddress, sha256 } from "../../chain/crypto/hash.ts";
import { verifySecp256k1 } from "../../chain/crypto/secp256k1.ts";
import { sdkError } from "../../chain/errors.ts";
import { GAS } from "../../chain/gas.ts";
import type { Context } from "../../chain/module.ts";
import { strictReader } from "../../chain/strict-reader.ts";
import type { Ante, DecodedTx, TxMode } from "../../chain/tx.ts";
import { accountText } from "../addresses.ts";
import { chargeFee } from "./fee.ts";
import { type Account, getAccount, setAccount } from "./keeper.ts";
import { authParams } from "./params.ts";
import { missingBytes } from "./simulated-size.ts";

export const SECP256K1_TYPE_URL = "/cosmos.crypto.secp256k1.PubKey";
/** Stands in, while simulating, for a key the account has not shown yet, so that the write costs the same. */
const PLACEHOLDER_KEY = new Uint8Array(33);

function checkLimits(ctx: Context, tx: DecodedTx): void {
  const { body } = tx;
  const maxTxBytes = Number(consensusParams.read(ctx.block.params).maxTxBytes);
  if (tx.bytes.length > maxTxBytes) {
    throw sdkError("txTooLarge", `${tx.bytes.length} bytes, at most ${maxTxBytes} are allowed`);
  }
  const maxMemo = Number(authParams.read(ctx.block.params).maxMemoBytes);
  const memo = Buffer.byteLength(body.memo);
  if (memo > maxMemo) {
    throw sdkError("memoTooLarge", `maximum number of characters is ${maxMemo} but received ${memo} characters`);
  }
  if (body.timeoutHeight > 0n && BigInt(ctx.block.height) > body.timeoutHeight) {
    throw sdkError("txTimeout", `block height: ${ctx.block.height}, timeout height: ${body.timeoutHeight}`);
  }
  if (body.unordered) throw sdkError("invalidRequest", "unordered transactions are not supported");
  if (body.timeoutTimestamp !== undefined) {
    const timeout = body.timeoutTimestamp.seconds * 1000n + BigInt(Math.floor(body.timeoutTimestamp.nanos / 1_000_000));
    if (BigInt(ctx.block.time) > timeout) {
      throw sdkError("txTimeout", `block time: ${ctx.block.time} ms, timeout timestamp: ${timeout} ms`);
    }
  }
}

function checkCounts(tx: DecodedTx): void {
  if (tx.signers.length === 0 || tx.signatures.length === 0) throw sdkError("noSignatures", "no signature was given");
  for (const count of [tx.signatures.length, tx.authInfo.signerInfos.length]) {
    if (count !== tx.signers.length) {
      throw sdkError("unauthorized", `invalid number of signers; expected: ${tx.signers.length}, got ${count}`);
    }
  }
}

/** The account's key, or the one the transaction shows for it, which must hash to its address. */
function publicKeyOf(ctx: Context, account: Account, shown: Any | undefined, mode: TxMode): Uint8Array {
  if (shown === undefined) {
    if (account.publicKey.length > 0) return account.publicKey;
    if (mode === "simulate") return PLACEHOLDER_KEY;
    throw sdkError("invalidPubKey", "pubkey on account is not set and the transaction shows none");
  }
  if (shown.typeUrl !== SECP256K1_TYPE_URL) {
    throw sdkError(
      "invalidPubKey",
      `key type ${shown.typeUrl.slice(0, 100)} is not supported; use ${SECP256K1_TYPE_URL}`,
    );
  }
  let key: Uint8Array;
  try {
    key = PubKey.decode(strictReader(shown.value)).key;
  } catch (error) {
    throw sdkError("invalidPubKey", `undecodable: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!equalBytes(accountAddress(key), account.address)) {
    throw sdkError(
      "invalidPubKey",
      `pubKey does not match signer address ${accountText(ctx.block.spec, account.address)}`,
    );
  }
  return key;
}

function verifySignature(ctx: Context, tx: DecodedTx, index: number, account: Account, key: Uint8Array): void {
  const info = tx.authInfo.signerInfos[index]?.modeInfo;
  const mode = info?.single?.mode ?? SignMode.SIGN_MODE_UNSPECIFIED;
  if (mode !== SignMode.SIGN_MODE_DIRECT) {
    const name = info?.multi === undefined ? (SignMode[mode] ?? `sign mode ${mode}`) : "a multisignature";
    throw sdkError("unauthorized", `signature verification failed; ${name} is not supported, use SIGN_MODE_DIRECT`);
  }
  const { chainId } = ctx.block.spec;
  const document = SignDoc.encode({
    bodyBytes: tx.bodyBytes,
    authInfoBytes: tx.authInfoBytes,
    chainId,
    accountNumber: BigInt(account.accountNumber),
  }).finish();
  if (verifySecp256k1(tx.signatures[index] ?? new Uint8Array(0), sha256(document), key)) return;
  throw sdkError(
    "unauthorized",
    `signature verification failed; please verify account number (${account.accountNumber}), sequence ` +
      `(${account.sequence}) and chain-id (${chainId})`,
  );
}

function admitSigner(ctx: Context, tx: DecodedTx, index: number, signer: Uint8Array, mode: TxMode): void {
  const account = getAccount(ctx.store, signer);
  const address = accountText(ctx.block.spec, signer);
  if (account === undefined) throw sdkError("unknownAddress", `account ${address} does not exist`);
  const info = tx.authInfo.signerInfos[index];
  const publicKey = publicKeyOf(ctx, account, info?.publicKey, mode);
  if (info !== undefined && info.sequence !== BigInt(account.sequence)) {
    throw sdkError("wrongSequence", `account sequence mismatch, expected ${account.sequence}, got ${info.sequence}`);
  }
  ctx.gas.consume(GAS.verifySecp256k1, "ante verify: secp256k1");
  if (mode === "deliver" || mode === "check") verifySignature(ctx, tx, index, account, publicKey);
  setAccount(ctx.store, { ...account, publicKey, sequence: account.sequence + 1 });
  ctx.emit("tx", ["acc_seq", `${address}/${account.sequence}`]);
  ctx.emit("tx", ["signature", Buffer.from(tx.signatures[index] ?? []).toString("base64")]);
}

/**
 * Size, memo, timeouts, fee, sequence and signature of every signer, in the order of the Cosmos SDK's decorators.
 * Simulation skips signatures and the fee, tolerates what clients leave out then (sign mode, signature, key, fee), and
 * is charged for what they left out, so that its gas is that of the signed transaction.
 */
export const ante: Ante = (ctx, tx, mode) => {
  checkLimits(ctx, tx);
  if (mode !== "simulate") checkCounts(tx);
  const size = tx.bytes.length + (mode === "simulate" ? missingBytes(ctx.block.spec, tx) : 0);
  ctx.gas.consume(size * GAS.txPerByte, "txSize");
  chargeFee(ctx, tx, mode);
  tx.signers.forEach((signer, index) => {
    admitSigner(ctx, tx, index, signer, mode);
  });
};
