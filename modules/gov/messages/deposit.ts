import { MsgDeposit, MsgDepositResponse } from "cosmjs-types/cosmos/gov/v1/tx";
import {
  MsgDeposit as LegacyDeposit,
  MsgDepositResponse as LegacyDepositResponse,
} from "cosmjs-types/cosmos/gov/v1beta1/tx";
import { parseCoins } from "../../../chain/decode-tx.ts";
import { type MessageType, messageType } from "../../../chain/module.ts";
import { parseAccount } from "../../addresses.ts";
import { addDeposit, depositAmount } from "../deposits.ts";
import { proposalNumber } from "../proposals.ts";

/** Adds to the deposit of a proposal. Both versions are the same on the wire. */
const deposit: Omit<MessageType<MsgDeposit, MsgDepositResponse>, "typeUrl" | "responseTypeUrl"> = {
  decode: (reader) => MsgDeposit.decode(reader),
  encodeResponse: (response) => MsgDepositResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.depositor, "depositor")],
  validate(message) {
    parseCoins(message.amount);
  },
  execute(ctx, message) {
    const id = proposalNumber(message.proposalId);
    const depositor = parseAccount(ctx.block.spec, message.depositor, "depositor");
    const begins = addDeposit(ctx, id, depositor, depositAmount(ctx, parseCoins(message.amount)));
    if (begins) ctx.emit("proposal_deposit", ["voting_period_start", id.toString()]);
    return {};
  },
};

export const depositMessage = messageType({
  ...deposit,
  typeUrl: MsgDeposit.typeUrl,
  responseTypeUrl: MsgDepositResponse.typeUrl,
});
export const legacyDepositMessage = messageType({
  ...deposit,
  typeUrl: LegacyDeposit.typeUrl,
  responseTypeUrl: LegacyDepositResponse.typeUrl,
});
