import { utf8 } from "../../chain/bytes.ts";
import type { Module } from "../../chain/module.ts";
import { failOnReport, readObject, readText } from "../genesis-section.ts";
import { constitution, LIMITS } from "./store.ts";

export const genesis: Module["genesis"] = {
  validate(section, _spec, report) {
    const fields = readObject(section, "gov", report, ["constitution"]);
    const text = fields?.get("constitution");
    if (text !== undefined) readText(text, "gov.constitution", report, LIMITS.constitution);
  },
  init(ctx, section) {
    const text = readObject(section, "gov", failOnReport, ["constitution"])?.get("constitution");
    if (typeof text === "string" && text !== "") constitution.set(ctx.store, utf8(text));
  },
};
