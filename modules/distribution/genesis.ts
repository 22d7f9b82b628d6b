import type { Module } from "../../chain/module.ts";
import { readObject } from "../genesis-section.ts";

/** The section is empty: claims begin with the delegations of the staking section, and nobody has earned anything yet. */
export const genesis: Module["genesis"] = {
  validate(section, _spec, report) {
    readObject(section, "distribution", report, []);
  },
  init: () => undefined,
};
