import { parseAmount } from "../../chain/decode-tx.ts";
import type { Module, Report } from "../../chain/module.ts";
import { DECIMAL_ONE, parseDecimal } from "../decimal.ts";
import { failOnReport, readObject } from "../genesis-section.ts";
import { REMAINDER_UNIT } from "./curve.ts";
import { type Minter, minter } from "./store.ts";

/** 9999-12-31T23:59:59Z. */
const LAST_TIME = 253_402_300_799_000n;

function readSection(section: unknown, report: Report): Minter | undefined {
  const fields = readObject(section, "mint", report, ["inflation", "lastTime", "remainder"]);
  if (fields === undefined || fields.size === 0) return undefined;
  const text = (name: string): string => {
    const value = fields.get(name);
    return typeof value === "string" ? value : "";
  };
  const inflation = parseDecimal(text("inflation"));
  if (inflation === undefined || inflation > DECIMAL_ONE) {
    report("mint.inflation", 'must be a decimal from 0 to 1 as a text ("0.130000000000000000")');
  }
  const lastTime = parseAmount(text("lastTime"));
  if (lastTime === undefined || lastTime > LAST_TIME) report("mint.lastTime", "must be milliseconds as a text");
  const remainder = parseAmount(text("remainder"));
  if (remainder === undefined || remainder >= REMAINDER_UNIT) {
    report("mint.remainder", `must be an integer below ${REMAINDER_UNIT} as a text`);
  }
  if (inflation === undefined || lastTime === undefined || remainder === undefined) return undefined;
  return { inflation, lastTime: Number(lastTime), remainder };
}

/** Empty for a new chain; `{inflation, lastTime, remainder}` (all of them) for one that goes on from another's state. */
export const genesis: Module["genesis"] = {
  validate(section, _spec, report) {
    readSection(section, report);
  },
  init(ctx, section) {
    const record = readSection(section, failOnReport);
    if (record !== undefined) minter.set(ctx.store, record);
  },
};
