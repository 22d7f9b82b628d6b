import { sdkError } from "../../../chain/errors.ts";
import { type MessageType, messageType } from "../../../chain/module.ts";
import {
  MsgCancelSchedule,
  MsgCancelScheduleResponse,
  MsgScheduleInference,
  MsgScheduleInferenceResponse,
} from "../../../proto/inference.ts";
import { parseAccount } from "../../addresses.ts";
import { endSchedule, makeSchedule, requireSchedule, validateSchedule } from "../schedules.ts";

/** Pays for runs to come, which the chain opens by itself. */
const scheduleInference: MessageType<MsgScheduleInference, MsgScheduleInferenceResponse> = {
  typeUrl: MsgScheduleInference.typeUrl,
  responseTypeUrl: MsgScheduleInferenceResponse.typeUrl,
  decode: (reader) => MsgScheduleInference.decode(reader),
  encodeResponse: (response) => MsgScheduleInferenceResponse.encode(response).finish(),
  signers(message, spec) {
    if (message.request === undefined) throw sdkError("invalidRequest", "the request is missing");
    return [parseAccount(spec, message.request.requester, "requester")];
  },
  validate: (message, spec) => validateSchedule(message, spec.denom),
  execute: (ctx, message) => ({ schedule: BigInt(makeSchedule(ctx, message)) }),
};

/** Ends a schedule of one's own, in any block; what is held for runs to come returns. */
const cancelSchedule: MessageType<MsgCancelSchedule, MsgCancelScheduleResponse> = {
  typeUrl: MsgCancelSchedule.typeUrl,
  responseTypeUrl: MsgCancelScheduleResponse.typeUrl,
  decode: (reader) => MsgCancelSchedule.decode(reader),
  encodeResponse: (response) => MsgCancelScheduleResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.owner, "owner")],
  validate: () => undefined,
  execute(ctx, { owner, schedule }) {
    const found = requireSchedule(ctx.store, schedule, parseAccount(ctx.block.spec, owner, "owner"));
    return { refund: endSchedule(ctx, Number(schedule), found, "cancelled").toString() };
  },
};

export const scheduleInferenceMessage = messageType(scheduleInference);
export const cancelScheduleMessage = messageType(cancelSchedule);
