import type { Condition } from "./query-language.ts";

/** What a query looks at: all values of each `<event type>.<attribute key>`. */
export type EventValues = ReadonlyMap<string, readonly string[]>;

/** The number an attribute starts with: `100` of `100uassay`, as in CometBFT. */
const LEADING_NUMBER = /^(-?)([0-9]{1,78})(?:\.([0-9]{1,78}))?/;

/** @returns -1, 0 or 1, or undefined when one of them does not start with a number. Exact: no floats. */
export function compareNumbers(a: string, b: string): number | undefined {
  const left = LEADING_NUMBER.exec(a);
  const right = LEADING_NUMBER.exec(b);
  if (left === null || right === null) return undefined;
  const digits = Math.max(left[3]?.length ?? 0, right[3]?.length ?? 0);
  const scaled = (match: RegExpExecArray): bigint => {
    const whole = BigInt(`${match[2] ?? "0"}${(match[3] ?? "").padEnd(digits, "0")}`);
    return match[1] === "-" ? -whole : whole;
  };
  const x = scaled(left);
  const y = scaled(right);
  return x < y ? -1 : x > y ? 1 : 0;
}

function holds(value: string, condition: Condition): boolean {
  const { op, value: wanted } = condition;
  if (op === "EXISTS") return true;
  if (op === "CONTAINS") return value.includes(wanted);
  if (op === "=" && !condition.number) return value === wanted;
  const order = compareNumbers(value, wanted);
  if (order === undefined) return false;
  switch (op) {
    case "=":
      return order === 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
  }
}

/** Whether each condition holds for some value of its key. */
export function matchesQuery(conditions: readonly Condition[], events: EventValues): boolean {
  return conditions.every((condition) => events.get(condition.key)?.some((value) => holds(value, condition)) === true);
}
