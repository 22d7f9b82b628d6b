import type { Validator } from "./types/validator.ts";

/**
 * A validator set and the accumulated priorities that rotate the proposer in proportion to power.
 * `priorities[i]` belongs to `validators[i]`; they are signed 64-bit integers.
 */
export interface Rotation {
  readonly validators: readonly Validator[];
  readonly priorities: readonly bigint[];
}
