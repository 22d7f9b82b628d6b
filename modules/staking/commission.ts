import { sdkError } from "../../chain/errors.ts";
import type { Params } from "../../chain/params.ts";
import { DECIMAL_ONE, decimalFromPpm, formatDecimal, parseScaledDecimal } from "../decimal.ts";
import { stakingError } from "./errors.ts";
import { stakingParams } from "./params.ts";
import type { CommissionRecord } from "./store.ts";

const DAY = 86_400_000;

/** A rate as protobuf carries it (18 digits, scaled). @throws TxError sdk 18, staking 10 */
export function parseRate(text: string): bigint {
  const rate = parseScaledDecimal(text);
  if (rate === undefined) throw sdkError("invalidRequest", `"${text.slice(0, 50)}" is not a rate scaled by 10^18`);
  if (rate > DECIMAL_ONE) throw stakingError("commissionHuge", formatDecimal(rate));
  return rate;
}

type Rates = Pick<CommissionRecord, "rate" | "maxRate" | "maxChangeRate">;

/** @throws TxError staking 11 and 14 */
export function checkCommission({ rate, maxRate, maxChangeRate }: Rates): void {
  if (rate > maxRate) throw stakingError("commissionAboveMax", `${formatDecimal(rate)} of ${formatDecimal(maxRate)}`);
  if (maxChangeRate > maxRate) {
    throw stakingError("changeRateAboveMax", `${formatDecimal(maxChangeRate)} of ${formatDecimal(maxRate)}`);
  }
}

/** @throws TxError staking 40 */
export function checkMinimumRate(params: Params, rate: bigint): void {
  const minimum = decimalFromPpm(stakingParams.read(params).minCommissionRate);
  if (rate < minimum) throw stakingError("commissionBelowMin", `${formatDecimal(rate)} of ${formatDecimal(minimum)}`);
}

/** The commission with a new rate. @throws TxError staking 11, 12, 15 and 40 */
export function changedCommission(params: Params, old: CommissionRecord, rate: bigint, now: number): CommissionRecord {
  checkMinimumRate(params, rate);
  if (now - old.updateTime < DAY) throw stakingError("commissionUpdateTime", `last changed at ${old.updateTime} ms`);
  checkCommission({ ...old, rate });
  const change = rate > old.rate ? rate - old.rate : old.rate - rate;
  if (change > old.maxChangeRate) {
    throw stakingError("commissionAboveChangeRate", `${formatDecimal(change)} of ${formatDecimal(old.maxChangeRate)}`);
  }
  return { ...old, rate, updateTime: now };
}
