import type { Input } from "cosmjs-types/cosmos/bank/v1beta1/bank";
import { MsgMultiSend, MsgMultiSendResponse } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { sdkError } from "../../../chain/errors.ts";
import { type MessageType, messageType } from "../../../chain/module.ts";
import type { Coin } from "../../../chain/tx.ts";
import { parseAccount } from "../../addresses.ts";
import { bankError } from "../errors.ts";
import { formatCoins, transfer } from "../keeper.ts";
import { bankParams } from "../params.ts";
import { requireSendEnabled } from "../send-enabled.ts";
import { receiver, sentCoins } from "./send.ts";

function onlyInput(message: MsgMultiSend): Input {
  const [input] = message.inputs;
  if (input === undefined) throw bankError("noInputs", "MsgMultiSend");
  if (message.inputs.length > 1) throw bankError("multipleSenders", `${message.inputs.length} inputs`);
  return input;
}

function sum(lists: readonly (readonly Coin[])[]): readonly Coin[] {
  const totals = new Map<string, bigint>();
  for (const { denom, amount } of lists.flat()) totals.set(denom, (totals.get(denom) ?? 0n) + amount);
  return [...totals].sort(([a], [b]) => (a < b ? -1 : 1)).map(([denom, amount]) => ({ denom, amount }));
}

/** Sends coins from one account to several. */
const multiSend: MessageType<MsgMultiSend, MsgMultiSendResponse> = {
  typeUrl: MsgMultiSend.typeUrl,
  responseTypeUrl: MsgMultiSendResponse.typeUrl,
  decode: (reader) => MsgMultiSend.decode(reader),
  encodeResponse: (response) => MsgMultiSendResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, onlyInput(message).address, "sender")],
  validate(message, spec) {
    const input = sentCoins(onlyInput(message).coins);
    if (message.outputs.length === 0) throw bankError("noOutputs", "MsgMultiSend");
    for (const { address } of message.outputs) parseAccount(spec, address, "recipient");
    const output = sum(message.outputs.map(({ coins }) => sentCoins(coins)));
    if (formatCoins(input) !== formatCoins(output)) {
      throw bankError("sumMismatch", `in ${formatCoins(input)}, out ${formatCoins(output)}`);
    }
  },
  execute(ctx, message) {
    const { spec, params } = ctx.block;
    const limit = Number(bankParams.read(params).maxMultiSendOutputs);
    if (message.outputs.length > limit) {
      throw sdkError("invalidRequest", `${message.outputs.length} outputs, at most ${limit} are allowed`);
    }
    const from = parseAccount(spec, onlyInput(message).address, "sender");
    requireSendEnabled(ctx, sentCoins(onlyInput(message).coins));
    for (const output of message.outputs) {
      transfer(ctx, from, receiver(spec, output.address), sentCoins(output.coins));
    }
    return {};
  },
};

export const multiSendMessage = messageType(multiSend);
