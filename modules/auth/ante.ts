import type { Any } from "cosmjs-types/google/protobuf/any";
import { equalBytes } from "../../chain/bytes.ts";
import { consensusParams } from "../../chain/consensus-params.ts";
import { sdkError } from "../../chain/errors.ts";
import { GAS } from "../../chain/gas.ts";
import type { Context } from "../../chain/module.ts";
import type { Ante, DecodedTx, TxMode } from "../../chain/tx.ts";
import { accountText } from "../addresses.ts";
import { chargeFee } from "./fee.ts";
import { type Account, accountPublicKey, getAccount, setAccount } from "./keeper.ts";
import { authParams } from "./params.ts";
import { addressOfKey, type PublicKey, parsePublicKey, SIGNATURE_LIMIT } from "./public-key.ts";
import { chargeSignatures, checkSignatureCount, verifySignatures } from "./signatures.ts";
import { missingBytes } from "./simulated-size.ts";
import { multisigKeys } from "./store.ts";
import { checkTimeouts, claimNonce } from "./unordered.ts";

/** Stands in, while simulating, for a key the account has not shown yet, so that the write costs the same. */
const PLACEHOLDER_KEY: PublicKey = { kind: "single", key: new Uint8Array(33) };

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
  checkTimeouts(ctx, tx);
}

function checkCounts(tx: DecodedTx): void {
  if (tx.signers.length === 0 || tx.signatures.length === 0) throw sdkError("noSignatures", "no signature was given");
  for (const count of [tx.signatures.length, tx.authInfo.signerInfos.length]) {
    if (count !== tx.signers.length) {
      throw sdkError("unauthorized", `invalid number of signers; expected: ${tx.signers.length}, got ${count}`);
    }
  }
  checkSignatureCount(tx, SIGNATURE_LIMIT);
}

/** The account's key, or the one the transaction shows for it, which must hash to its address. */
function publicKeyOf(ctx: Context, account: Account, shown: Any | undefined, mode: TxMode): PublicKey {
  if (shown === undefined) {
    // Before the first transaction there is nothing to read: the signed one will show its key and not read either.
    if (mode === "simulate" && account.sequence === 0 && account.publicKey.length === 0) return PLACEHOLDER_KEY;
    const known = accountPublicKey(ctx.store, account);
    if (known !== undefined) return known;
    throw sdkError("invalidPubKey", "pubkey on account is not set and the transaction shows none");
  }
  const key = parsePublicKey(shown);
  // PERF: what the account has kept has been hashed before.
  if (key.kind === "single" && equalBytes(key.key, account.publicKey)) return key;
  if (equalBytes(addressOfKey(key), account.address)) return key;
  throw sdkError(
    "invalidPubKey",
    `pubKey does not match signer address ${accountText(ctx.block.spec, account.address)}`,
  );
}

/** Keeps the key, once, and counts the sequence on, unless the transaction is one of those that need not keep in line. */
function saveSigner(ctx: Context, account: Account, key: PublicKey, isUnordered: boolean): void {
  const publicKey = key.kind === "single" ? key.key : account.publicKey;
  setAccount(ctx.store, { ...account, publicKey, sequence: account.sequence + (isUnordered ? 0 : 1) });
  if (key.kind === "multi" && !multisigKeys.has(ctx.store, account.address)) {
    multisigKeys.set(ctx.store, account.address, key.bytes);
  }
}

function admitSigner(ctx: Context, tx: DecodedTx, index: number, signer: Uint8Array, mode: TxMode): void {
  const account = getAccount(ctx.store, signer);
  const address = accountText(ctx.block.spec, signer);
  if (account === undefined) throw sdkError("unknownAddress", `account ${address} does not exist`);
  const info = tx.authInfo.signerInfos[index];
  const key = publicKeyOf(ctx, account, info?.publicKey, mode);
  const { unordered } = tx.body;
  const expected = unordered ? 0n : BigInt(account.sequence);
  if (info !== undefined && info.sequence !== expected) {
    throw sdkError("wrongSequence", `account sequence mismatch, expected ${expected}, got ${info.sequence}`);
  }
  chargeSignatures(ctx, key, info?.modeInfo, mode === "simulate");
  if (mode === "deliver" || mode === "check") {
    const { chainId } = ctx.block.spec;
    verifySignatures(tx, index, key, { chainId, accountNumber: account.accountNumber, sequence: expected });
  }
  if (unordered) claimNonce(ctx, tx, signer, address);
  saveSigner(ctx, account, key, unordered);
  ctx.emit("tx", ["acc_seq", `${address}/${expected}`]);
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
