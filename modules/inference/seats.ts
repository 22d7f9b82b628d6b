import type { BitArray } from "@chainsafe/ssz";
import type { Validator, ValidatorSet } from "../../chain/types/validator.ts";
import type { Committee } from "./committee.ts";
import type { JobRecord } from "./store.ts";

/**
 * A job's committee is part of the set that voted on the block of its request: those of its tier, or as many of them as were drawn. `committeeRoot`
 * is the root of the whole set, which that block's header holds; bits over the set say who has a seat.
 */

export function countSeats(seats: BitArray): number {
  return seats.getTrueBitIndexes().length;
}

export function seatedPower(validators: ValidatorSet, seats: BitArray): bigint {
  return validators.reduce((sum, { power }, index) => (seats.get(index) ? sum + power : sum), 0n);
}

/** The members alone, in the order of the set. */
export function seated(validators: ValidatorSet, seats: BitArray): ValidatorSet {
  return validators.filter((_, index) => seats.get(index));
}

/** Who is asked now: those drawn, or, after there was no quorum among them, everyone of the tier. */
export function seatsOfJob({ widened, drawn, eligible }: Pick<JobRecord, "widened" | "drawn" | "eligible">): BitArray {
  return widened ? eligible : drawn;
}

/** A member and its place in the set, if it has a seat. */
export function seatOf(
  committee: Committee | undefined,
  job: JobRecord,
  operator: Uint8Array,
): { readonly index: number; readonly member: Validator } | undefined {
  const place = committee?.seat(operator);
  return place !== undefined && seatsOfJob(job).get(place.index) ? place : undefined;
}

/** Of the class `tolerance`: the place of who publishes the output, or was last to have its turn. */
export function executorOf({ executors }: Pick<JobRecord, "executors">): number | undefined {
  return executors.at(-1);
}
