import type { Module, Report } from "../../chain/module.ts";
import { failOnReport, readAmount, readObject } from "../genesis-section.ts";
import { feemarketParams } from "./params.ts";
import { storedBaseFee } from "./store.ts";

const MOST = feemarketParams.rows.maxBaseFee.max;

function readSection(section: unknown, report: Report): bigint | undefined {
  const fields = readObject(section, "feemarket", report, ["baseFee"]);
  if (fields?.get("baseFee") === undefined) return undefined;
  const fee = readAmount(fields.get("baseFee"), "feemarket.baseFee", report);
  if (fee === undefined || fee <= MOST) return fee;
  report("feemarket.baseFee", `must be at most ${MOST}`);
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
