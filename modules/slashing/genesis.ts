import type { Module } from "../../chain/module.ts";
import { readObject } from "../genesis-section.ts";

/** The section is empty: records start with a validator's first block. */
export const genesis: Module["genesis"] = {
  validate(section, _spec, report) {
    readObject(section, "slashing", report, []);
  },
  init: () => undefined,
};
