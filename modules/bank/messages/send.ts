import { MsgSend, MsgSendResponse } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { parseCoins } from "../../../chain/decode-tx.ts";
import { sdkError } from "../../../chain/errors.ts";
import { type ChainSpec, type MessageType, messageType } from "../../../chain/module.ts";
import type { Coin } from "../../../chain/tx.ts";
import { parseAccount } from "../../addresses.ts";
import { moduleAccountAt } from "../../auth/keeper.ts";
import { transfer } from "../keeper.ts";
import { requireSendEnabled } from "../send-enabled.ts";

/** Coins a user wants to move: at least one. @throws TxError sdk 10 */
export function sentCoins(coins: readonly { denom: string; amount: string }[]): readonly Coin[] {
  const parsed = parseCoins(coins);
  if (parsed.length === 0) throw sdkError("invalidCoins", "no coins were named");
  return parsed;
}

/** A receiver, which must not be a module: what it holds is accounted for elsewhere. @throws TxError sdk 7, sdk 4 */
export function receiver(spec: ChainSpec, text: string): Uint8Array {
  const address = parseAccount(spec, text, "recipient");
  if (moduleAccountAt(address) === undefined) return address;
  throw sdkError("unauthorized", `${text} is not allowed to receive funds`);
}

/** Sends coins to another account, which is made if it does not exist. */
const send: MessageType<MsgSend, MsgSendResponse> = {
  typeUrl: MsgSend.typeUrl,
  responseTypeUrl: MsgSendResponse.typeUrl,
  decode: (reader) => MsgSend.decode(reader),
  encodeResponse: (response) => MsgSendResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.fromAddress, "sender")],
  validate(message, spec) {
    parseAccount(spec, message.toAddress, "recipient");
    sentCoins(message.amount);
  },
  execute(ctx, message) {
    const { spec } = ctx.block;
    const from = parseAccount(spec, message.fromAddress, "sender");
    const coins = sentCoins(message.amount);
    requireSendEnabled(ctx, coins);
    transfer(ctx, from, receiver(spec, message.toAddress), coins);
    return {};
  },
};

export const sendMessage = messageType(send);
