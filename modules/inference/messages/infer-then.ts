import { parseCoins } from "../../../chain/decode-tx.ts";
import { sdkError } from "../../../chain/errors.ts";
import { runNested } from "../../../chain/executor/nested-messages.ts";
import { type MessageType, messageType } from "../../../chain/module.ts";
import { MsgInferThen, MsgInferThenResponse, type MsgRequestInference } from "../../../proto/inference.ts";
import { parseAccount } from "../../addresses.ts";
import { areMet, checkConditions, validateConditions } from "../conditions.ts";
import { carriedMessages, keepContinuation } from "../continuations.ts";
import { makeRequest, validateRequest } from "../request.ts";
import { Tensors } from "../tensors.ts";
import { requestResponse } from "./request-inference.ts";

/** What testing a condition costs, for each byte of the output. */
const GAS_PER_OUTPUT_BYTE = 10;

function requestOf({ request }: MsgInferThen): MsgRequestInference {
  if (request === undefined) throw sdkError("invalidRequest", "the request is missing");
  return request;
}

/**
 * Requests a run and lets messages run if its output is as wanted: in the inline lane at once, in this transaction; in the attested one when
 * the output is final. A message that fails inline fails the transaction.
 */
const inferThen: MessageType<MsgInferThen, MsgInferThenResponse> = {
  typeUrl: MsgInferThen.typeUrl,
  responseTypeUrl: MsgInferThenResponse.typeUrl,
  decode: (reader) => MsgInferThen.decode(reader),
  encodeResponse: (response) => MsgInferThenResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, requestOf(message).requester, "requester")],
  validate(message, spec) {
    validateRequest(requestOf(message), spec);
    validateConditions(message.conditions);
    if (message.messages.length === 0) throw sdkError("invalidRequest", "there is no message to run");
    parseCoins(message.escrow);
  },
  subject: (message) => requestOf(message).model,
  execute(ctx, message) {
    const request = requestOf(message);
    const requester = parseAccount(ctx.block.spec, request.requester, "requester");
    // Before anything is paid for: a message that can never run is refused at once.
    const carried = carriedMessages(ctx.block, message, requester);
    const made = makeRequest(ctx, request);
    const { outputs } = made.model.manifest;
    checkConditions(message.conditions, outputs);
    const inference = requestResponse(made);
    if (made.lane === "attested") {
      keepContinuation(ctx, made.jobId, requester, message, parseCoins(message.escrow));
      return { inference, met: false, results: [] };
    }
    ctx.gas.consume(made.output.length * GAS_PER_OUTPUT_BYTE * message.conditions.length, "conditions of an output");
    const met = areMet(message.conditions, outputs, Tensors.deserialize(made.output));
    return { inference, met, results: met ? runNested(ctx, carried) : [] };
  },
};

export const inferThenMessage = messageType(inferThen);
