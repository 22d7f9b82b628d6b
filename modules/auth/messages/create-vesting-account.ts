import { MsgCreateVestingAccount, MsgCreateVestingAccountResponse } from "cosmjs-types/cosmos/vesting/v1beta1/tx";
import { sdkError } from "../../../chain/errors.ts";
import { type MessageType, messageType } from "../../../chain/module.ts";
import { parseAccount } from "../../addresses.ts";
import { checkAddresses, createVestingAccount, positiveSeconds, vestingCoins } from "./new-account.ts";

/** An account whose coins become free at once at the end, or evenly from now until then. */
const createVesting: MessageType<MsgCreateVestingAccount, MsgCreateVestingAccountResponse> = {
  typeUrl: MsgCreateVestingAccount.typeUrl,
  responseTypeUrl: MsgCreateVestingAccountResponse.typeUrl,
  decode: (reader) => MsgCreateVestingAccount.decode(reader),
  encodeResponse: (response) => MsgCreateVestingAccountResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.fromAddress, "sender")],
  validate(message, spec) {
    checkAddresses(message, spec);
    vestingCoins(message.amount);
    positiveSeconds(message.endTime, "end time");
  },
  execute(ctx, message) {
    const startTime = Math.floor(ctx.block.time / 1000);
    const endTime = positiveSeconds(message.endTime, "end time");
    if (endTime <= startTime) throw sdkError("invalidRequest", `end time ${endTime} is not after ${startTime}`);
    const coins = vestingCoins(message.amount);
    const schedule = message.delayed
      ? ({ kind: "delayed", endTime } as const)
      : ({ kind: "continuous", startTime, endTime } as const);
    createVestingAccount(ctx, message, coins, schedule);
    return {};
  },
};

export const createVestingMessage = messageType(createVesting);
