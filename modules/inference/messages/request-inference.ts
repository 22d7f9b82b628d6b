import { type MessageType, messageType } from "../../../chain/module.ts";
import { MsgRequestInference, MsgRequestInferenceResponse } from "../../../proto/inference.ts";
import { parseAccount } from "../../addresses.ts";
import { makeRequest, type Requested, validateRequest } from "../request.ts";

const NONE = new Uint8Array(0);

export function requestResponse(made: Requested): MsgRequestInferenceResponse {
  const { lane, jobId } = made;
  return lane === "inline"
    ? { jobId, lane, outputRoot: made.outputRoot, output: made.output }
    : { jobId, lane, outputRoot: NONE, output: NONE };
}

/** Runs a model in this block, or opens a job for the validators that vote on it. */
const requestInference: MessageType<MsgRequestInference, MsgRequestInferenceResponse> = {
  typeUrl: MsgRequestInference.typeUrl,
  responseTypeUrl: MsgRequestInferenceResponse.typeUrl,
  decode: (reader) => MsgRequestInference.decode(reader),
  encodeResponse: (response) => MsgRequestInferenceResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.requester, "requester")],
  validate: validateRequest,
  subject: ({ model }) => model,
  execute: (ctx, message) => requestResponse(makeRequest(ctx, message)),
};

export const requestInferenceMessage = messageType(requestInference);
