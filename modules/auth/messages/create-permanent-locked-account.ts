import {
  MsgCreatePermanentLockedAccount,
  MsgCreatePermanentLockedAccountResponse,
} from "cosmjs-types/cosmos/vesting/v1beta1/tx";
import { type MessageType, messageType } from "../../../chain/module.ts";
import { parseAccount } from "../../addresses.ts";
import { checkAddresses, createVestingAccount, vestingCoins } from "./new-account.ts";

/** An account whose coins can be staked and never sent. */
const createPermanentLocked: MessageType<MsgCreatePermanentLockedAccount, MsgCreatePermanentLockedAccountResponse> = {
  typeUrl: MsgCreatePermanentLockedAccount.typeUrl,
  responseTypeUrl: MsgCreatePermanentLockedAccountResponse.typeUrl,
  decode: (reader) => MsgCreatePermanentLockedAccount.decode(reader),
  encodeResponse: (response) => MsgCreatePermanentLockedAccountResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.fromAddress, "sender")],
  validate(message, spec) {
    checkAddresses(message, spec);
    vestingCoins(message.amount);
  },
  execute(ctx, message) {
    createVestingAccount(ctx, message, vestingCoins(message.amount), { kind: "permanent" });
    return {};
  },
};

export const createPermanentLockedMessage = messageType(createPermanentLocked);
