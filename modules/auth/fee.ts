import { equalBytes } from "../../chain/bytes.ts";
import { sdkError } from "../../chain/errors.ts";
import type { Context } from "../../chain/module.ts";
import type { DecodedTx, TxMode } from "../../chain/tx.ts";
import { accountText, parseAccount } from "../addresses.ts";
import { formatCoins, rehearseTransfer, transfer } from "../bank/keeper.ts";
import { useAllowance } from "../feegrant/keeper.ts";
import { requiredFee } from "../feemarket/keeper.ts";
import { getAccount, moduleAddress } from "./keeper.ts";

const FEE_COLLECTOR = moduleAddress("fee_collector");
/** Whose transaction it is: the first signer, or the signer that the fee names. */
function feePayer(ctx: Context, tx: DecodedTx): Uint8Array {
  const named = tx.authInfo.fee?.payer ?? "";
  const payer = named === "" ? tx.signers[0] : parseAccount(ctx.block.spec, named, "fee payer");
  if (payer === undefined) throw sdkError("noSignatures", "nobody signs the transaction");
  if (!tx.signers.some((signer) => equalBytes(signer, payer))) {
    throw sdkError("unauthorized", `the fee payer ${accountText(ctx.block.spec, payer)} signs no message`);
  }
  return payer;
}

/** Whose coins are taken: those of the account that the fee names, if its allowance to the payer is as large, or the payer's own. */
function feeSource(ctx: Context, tx: DecodedTx, payer: Uint8Array): Uint8Array {
  const named = tx.authInfo.fee?.granter ?? "";
  if (named === "") return payer;
  const granter = parseAccount(ctx.block.spec, named, "fee granter");
  if (equalBytes(granter, payer)) return payer;
  const messages = tx.messages.map(({ typeUrl }) => typeUrl);
  useAllowance(ctx, { granter, grantee: payer }, tx.fee, messages);
  return granter;
}

/** Moves the fee to `fee_collector`. Simulation has none yet and only pays the gas of moving it. */
export function chargeFee(ctx: Context, tx: DecodedTx, mode: TxMode): void {
  const { denom } = ctx.block.spec;
  const payer = feePayer(ctx, tx);
  if (getAccount(ctx.store, payer) === undefined) {
    throw sdkError("unknownAddress", `fee payer address: ${accountText(ctx.block.spec, payer)} does not exist`);
  }
  const required = requiredFee(ctx, tx.gasLimit);
  if (mode === "simulate") {
    rehearseTransfer(ctx, feeSource(ctx, tx, payer), FEE_COLLECTOR, denom);
    return;
  }
  const foreign = tx.fee.find((coin) => coin.denom !== denom);
  if (foreign !== undefined) {
    throw sdkError(
      "insufficientFee",
      `insufficient fees; ${foreign.denom} is not accepted, required: ${required}${denom}`,
    );
  }
  const paid = tx.fee[0]?.amount ?? 0n;
  if (paid < required) {
    throw sdkError("insufficientFee", `insufficient fees; got: ${paid}${denom} required: ${required}${denom}`);
  }
  const source = feeSource(ctx, tx, payer);
  transfer(ctx, source, FEE_COLLECTOR, tx.fee);
  ctx.emit("tx", ["fee", formatCoins(tx.fee)], ["fee_payer", accountText(ctx.block.spec, source)]);
}
