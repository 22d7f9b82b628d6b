import { equalBytes } from "../../chain/bytes.ts";
import { sdkError } from "../../chain/errors.ts";
import type { Context } from "../../chain/module.ts";
import type { DecodedTx, TxMode } from "../../chain/tx.ts";
import { accountText, parseAccount } from "../addresses.ts";
import { formatCoins, rehearseTransfer, transfer } from "../bank/keeper.ts";
import { moduleAddress } from "./keeper.ts";
import { authParams } from "./params.ts";

const FEE_COLLECTOR = moduleAddress("fee_collector");
/** The gas that `auth.minGasPrice` is the price of. */
export const PRICE_UNIT = 1_000_000n;

/** The least fee for a gas limit, rounded up. */
export function requiredFee(gasLimit: number, minGasPrice: bigint): bigint {
  return (BigInt(gasLimit) * minGasPrice + PRICE_UNIT - 1n) / PRICE_UNIT;
}

/** Who pays: the first signer, or the signer that the fee names. */
function feePayer(ctx: Context, tx: DecodedTx): Uint8Array {
  const named = tx.authInfo.fee?.payer ?? "";
  if ((tx.authInfo.fee?.granter ?? "") !== "") throw sdkError("invalidRequest", "fee grants are not supported");
  const payer = named === "" ? tx.signers[0] : parseAccount(ctx.block.spec, named, "fee payer");
  if (payer === undefined) throw sdkError("noSignatures", "nobody signs the transaction");
  if (!tx.signers.some((signer) => equalBytes(signer, payer))) {
    throw sdkError("unauthorized", `the fee payer ${accountText(ctx.block.spec, payer)} signs no message`);
  }
  return payer;
}

/** Moves the fee to `fee_collector`. Simulation has none yet and only pays the gas of moving it. */
export function chargeFee(ctx: Context, tx: DecodedTx, mode: TxMode): void {
  const { denom } = ctx.block.spec;
  const payer = feePayer(ctx, tx);
  const required = requiredFee(tx.gasLimit, authParams.read(ctx.block.params).minGasPrice);
  if (mode === "simulate") {
    rehearseTransfer(ctx, payer, FEE_COLLECTOR, denom);
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
  transfer(ctx, payer, FEE_COLLECTOR, tx.fee);
  ctx.emit("tx", ["fee", formatCoins(tx.fee)], ["fee_payer", accountText(ctx.block.spec, payer)]);
}
