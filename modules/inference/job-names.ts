/**
 * How runs that no message asks for are named: by the fields of a job's id that a message would fill. Browser-safe.
 *
 * A message stands in a transaction of at most 256, so its `messageIndex` is below this number. The run `n` of a schedule has `messageIndex`
 * `FIRST_SCHEDULED_INDEX + n`, and as `sequence` the schedule's number, which no other schedule ever has: no two runs are named alike.
 */
export const FIRST_SCHEDULED_INDEX = 2 ** 31;

/** Of the inputs that a model's admission generates: `messageIndex` from here on, and as `sequence` the height of the registration. */
export const FIRST_GENERATED_INDEX = 2 ** 30;

/** Of an audit: `messageIndex`, and as `sequence` the height at which it was opened. */
export const AUDIT_INDEX = 2 ** 29;

/** The schedule that a job is a run of, and which of its runs, counted from 0; undefined for a job that a message asked for. */
export function scheduledRun(fields: {
  readonly sequence: number;
  readonly messageIndex: number;
}): { readonly schedule: number; readonly run: number } | undefined {
  const { sequence, messageIndex } = fields;
  if (messageIndex < FIRST_SCHEDULED_INDEX) return undefined;
  return { schedule: sequence, run: messageIndex - FIRST_SCHEDULED_INDEX };
}
