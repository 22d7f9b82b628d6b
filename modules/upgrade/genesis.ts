import type { Module } from "../../chain/module.ts";
import { readObject } from "../genesis-section.ts";
import { moduleVersions } from "./store.ts";

const FIRST_VERSION = 1;

/** The section is empty: every module begins with the first version of its rules. */
export function upgradeGenesis(modules: () => readonly string[]): Module["genesis"] {
  return {
    validate(section, _spec, report) {
      readObject(section, "upgrade", report, []);
    },
    init(ctx) {
      for (const name of modules()) moduleVersions.set(ctx.store, name, FIRST_VERSION);
    },
  };
}
