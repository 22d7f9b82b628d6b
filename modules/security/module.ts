import type { Module } from "../../chain/module.ts";
import { readObject } from "../genesis-section.ts";
import { securityParams } from "./params.ts";
import { queries } from "./queries.ts";

/** Answers what the stake secures. It keeps nothing and changes nothing. */
export const securityModule: Module = {
  name: "security",
  params: securityParams,
  messages: [],
  queries,
  stored: {},
  genesis: {
    validate(section, _spec, report) {
      readObject(section, "security", report, []);
    },
    init: () => undefined,
  },
};
