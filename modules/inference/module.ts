import type { Module } from "../../chain/module.ts";
import { storedTypes } from "../../state/collections.ts";
import { runAudits } from "./audits.ts";
import { beginBlock } from "./begin-block.ts";
import { runContinuations } from "./continuations.ts";
import { endBlock } from "./end-block.ts";
import { genesis } from "./genesis.ts";
import { deprecateModelMessage } from "./messages/deprecate-model.ts";
import { inferThenMessage } from "./messages/infer-then.ts";
import { openAppealMessage } from "./messages/open-appeal.ts";
import { registerBlobMessage } from "./messages/register-blob.ts";
import { registerModelMessage } from "./messages/register-model.ts";
import { requestInferenceMessage } from "./messages/request-inference.ts";
import { cancelScheduleMessage, scheduleInferenceMessage } from "./messages/schedule.ts";
import { setInferenceTiersMessage } from "./messages/set-tiers.ts";
import { acceptModelMessage, transferModelMessage } from "./messages/transfer-model.ts";
import { inferenceParams } from "./params.ts";
import { executePenalties } from "./penalties.ts";
import { queries } from "./queries.ts";
import { scheduleQueries } from "./schedule-queries.ts";
import { runSchedules } from "./schedule-runs.ts";
import * as store from "./store.ts";

export const inferenceModule: Module = {
  name: "inference",
  params: inferenceParams,
  messages: [
    registerModelMessage,
    requestInferenceMessage,
    inferThenMessage,
    setInferenceTiersMessage,
    openAppealMessage,
    scheduleInferenceMessage,
    cancelScheduleMessage,
    registerBlobMessage,
    deprecateModelMessage,
    transferModelMessage,
    acceptModelMessage,
  ],
  queries: [...queries, ...scheduleQueries],
  stored: storedTypes(store),
  genesis,
  beginBlock(ctx, input) {
    beginBlock(ctx, input);
    executePenalties(ctx);
    runContinuations(ctx);
    runAudits(ctx);
    runSchedules(ctx);
  },
  endBlock(ctx) {
    endBlock(ctx);
    return undefined;
  },
};
