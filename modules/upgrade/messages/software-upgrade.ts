import { MsgSoftwareUpgrade, MsgSoftwareUpgradeResponse } from "cosmjs-types/cosmos/upgrade/v1beta1/tx";
import { sdkError } from "../../../chain/errors.ts";
import { type MessageType, messageType } from "../../../chain/module.ts";
import { parseAccount } from "../../addresses.ts";
import { requireAuthority } from "../../auth/keeper.ts";
import { checkPlan, scheduleUpgrade, type UpgradePlan } from "../keeper.ts";

function planOf({ plan }: MsgSoftwareUpgrade): UpgradePlan {
  if (plan.height > BigInt(Number.MAX_SAFE_INTEGER)) throw sdkError("invalidRequest", `height ${plan.height}`);
  if (plan.upgradedClientState !== undefined) {
    throw sdkError("invalidRequest", "upgrade logic for IBC has been moved to the IBC module");
  }
  const upgrade = { name: plan.name, height: Number(plan.height), info: plan.info };
  checkPlan(upgrade);
  return upgrade;
}

/** Plans a software upgrade at a height. */
const upgrade: MessageType<MsgSoftwareUpgrade, MsgSoftwareUpgradeResponse> = {
  typeUrl: MsgSoftwareUpgrade.typeUrl,
  responseTypeUrl: MsgSoftwareUpgradeResponse.typeUrl,
  decode: (reader) => MsgSoftwareUpgrade.decode(reader),
  encodeResponse: (response) => MsgSoftwareUpgradeResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.authority, "authority")],
  validate: (message) => void planOf(message),
  execute(ctx, message) {
    requireAuthority(ctx.block.spec, message.authority);
    scheduleUpgrade(ctx, planOf(message));
    return {};
  },
};

export const softwareUpgradeMessage = messageType(upgrade);
