import type { Module } from "../../chain/module.ts";
import { genesis } from "./genesis.ts";
import { multiSendMessage } from "./messages/multi-send.ts";
import { sendMessage } from "./messages/send.ts";
import { bankParams } from "./params.ts";
import { queries } from "./queries.ts";

export const bankModule: Module = {
  name: "bank",
  params: bankParams,
  messages: [sendMessage, multiSendMessage],
  queries,
  genesis,
};
