import type { Module, Report } from "../../chain/module.ts";
import { failOnReport, readAmount, readObject } from "../genesis-section.ts";
import { storedBaseFee } from "./store.ts";

/** Above the greatest value of feemarket.maxBaseFee. */
const LIMIT = 1n << 63n;

function readSection(section: unknown, report: Report): bigint | undefined {
  const fields = readObject(section, "feemarket", report, ["baseFee"]);
  if (fields?.get("baseFee") === undefined) return undefined;
  const fee = readAmount(fields.get("baseFee"), "feemarket.baseFee", report);
  if (fee === undefined || fee < LIMIT) return fee;
  report("feemarket.baseFee", `must be below ${LIMIT}`);
  return undefined;
}

/** `{baseFee}`, for a million gas; the least one if it is not given. */
export const genesis: Module["genesis"] = {
  validate(section, _spec, report) {
    readSection(section, report);
  },
  init(ctx, section) {
    const fee = readSection(section, failOnReport);
    if (fee !== undefined) storedBaseFee.set(ctx.store, fee);
  },
};
