import type { Module } from "../../chain/module.ts";
import { readObject } from "../genesis-section.ts";
import { ensureAccount, MODULE_ACCOUNTS, moduleAddress } from "./keeper.ts";

/** The section is empty: accounts come into being with their first coins. Module accounts take the first numbers. */
export const genesis: Module["genesis"] = {
  validate(section, _spec, report) {
    readObject(section, "auth", report, []);
  },
  init(ctx) {
    for (const { name } of MODULE_ACCOUNTS) ensureAccount(ctx, moduleAddress(name));
  },
};
