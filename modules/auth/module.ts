import type { Module } from "../../chain/module.ts";
import { genesis } from "./genesis.ts";
import { authParams } from "./params.ts";
import { queries } from "./queries.ts";

export const authModule: Module = { name: "auth", params: authParams, messages: [], queries, genesis };
