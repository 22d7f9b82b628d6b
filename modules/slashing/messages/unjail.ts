import { MsgUnjail, MsgUnjailResponse } from "cosmjs-types/cosmos/slashing/v1beta1/tx";
import { type MessageType, messageType } from "../../../chain/module.ts";
import { parseOperator } from "../../addresses.ts";
import { selfDelegation, unjail, validatorByOperator } from "../../staking/keeper.ts";
import { formatTime } from "../../timestamps.ts";
import { slashingError } from "../errors.ts";
import { signingInfo } from "../keeper.ts";

/** Lets a validator out of jail once its time is over. */
const unjailType: MessageType<MsgUnjail, MsgUnjailResponse> = {
  typeUrl: MsgUnjail.typeUrl,
  responseTypeUrl: MsgUnjailResponse.typeUrl,
  decode: (reader) => MsgUnjail.decode(reader),
  encodeResponse: (response) => MsgUnjailResponse.encode(response).finish(),
  signers: (message, spec) => [parseOperator(spec, message.validatorAddr)],
  validate: () => undefined,
  execute(ctx, message) {
    const operator = parseOperator(ctx.block.spec, message.validatorAddr);
    const validator = validatorByOperator(ctx.store, operator);
    if (validator === undefined) throw slashingError("noValidator", message.validatorAddr);
    const own = selfDelegation(ctx.store, operator);
    if (own === 0n) throw slashingError("noSelfDelegation", message.validatorAddr);
    if (own < validator.minSelfDelegation) {
      throw slashingError("selfDelegationTooLow", `${own} less than ${validator.minSelfDelegation}`);
    }
    if (!validator.jailed) throw slashingError("notJailed", message.validatorAddr);
    if (validator.tombstoned) throw slashingError("jailed", "it broke a rule of voting");
    const { jailedUntil } = signingInfo(ctx.store, operator);
    if (ctx.block.time < jailedUntil) throw slashingError("jailed", `until ${formatTime(jailedUntil)}`);
    unjail(ctx, operator);
    return {};
  },
};

export const unjailMessage = messageType(unjailType);
