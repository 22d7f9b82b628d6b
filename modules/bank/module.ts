import type { Module } from "../../chain/module.ts";
import { storedTypes } from "../../state/collections.ts";
import { genesis } from "./genesis.ts";
import { multiSendMessage } from "./messages/multi-send.ts";
import { sendMessage } from "./messages/send.ts";
import { setSendEnabledMessage } from "./messages/set-send-enabled.ts";
import { bankParams } from "./params.ts";
import { queries } from "./queries.ts";
import * as store from "./store.ts";

export const bankModule: Module = {
  name: "bank",
  params: bankParams,
  messages: [sendMessage, multiSendMessage, setSendEnabledMessage],
  queries,
  stored: storedTypes(store),
  genesis,
};
