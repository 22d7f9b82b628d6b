import { type MessageType, messageType } from "../../../chain/module.ts";
import { MsgSetInferenceTiers, MsgSetInferenceTiersResponse } from "../../../proto/inference.ts";
import { parseOperator } from "../../addresses.ts";
import { validatorByOperator } from "../../staking/keeper.ts";
import { inferenceError } from "../errors.ts";
import { MAX_TIERS } from "../manifest.ts";
import { setTiers } from "../tiers.ts";

/** Says which tiers a validator serves from the next block on; none is possible. Jobs that are open keep their committee. */
const setInferenceTiers: MessageType<MsgSetInferenceTiers, MsgSetInferenceTiersResponse> = {
  typeUrl: MsgSetInferenceTiers.typeUrl,
  responseTypeUrl: MsgSetInferenceTiersResponse.typeUrl,
  decode: (reader) => MsgSetInferenceTiers.decode(reader),
  encodeResponse: (response) => MsgSetInferenceTiersResponse.encode(response).finish(),
  signers: (message, spec) => [parseOperator(spec, message.operator)],
  validate({ tiers }) {
    const seen = new Set<number>();
    for (const tier of tiers) {
      if (tier >= MAX_TIERS) throw inferenceError("invalidTier", `tier ${tier}, 0 to ${MAX_TIERS - 1} are possible`);
      if (seen.has(tier)) throw inferenceError("invalidTier", `tier ${tier} stands twice`);
      seen.add(tier);
    }
  },
  execute(ctx, message) {
    const operator = parseOperator(ctx.block.spec, message.operator);
    if (validatorByOperator(ctx.store, operator) === undefined) {
      throw inferenceError("invalidTier", `${message.operator} is no validator`);
    }
    setTiers(ctx, operator, message.tiers);
    return {};
  },
};

export const setInferenceTiersMessage = messageType(setInferenceTiers);
