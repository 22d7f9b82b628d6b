import type { EventCondition } from "../api.ts";

/** Longer queries than CometBFT's 512 have no use and cost time at every event. */
export const MAX_QUERY_LENGTH = 512;
export const MAX_CONDITIONS = 16;
const MAX_NUMBER_LENGTH = 78;

/** A condition; `number` tells `tx.height=5` from `tx.height='5'`, which compares texts. */
export interface Condition extends EventCondition {
  readonly number: boolean;
}

/** A query that is not in the language. `position` counts characters from 0. */
export class QuerySyntaxError extends Error {
  readonly position: number;
  constructor(position: number, message: string) {
    super(`at character ${position}: ${message}`);
    this.name = "QuerySyntaxError";
    this.position = position;
  }
}

/** Sticky, so that each looks only at where the parser stands; none can backtrack. */
const SPACE = /[ \t\r\n]*/y;
const KEY = /[A-Za-z_][A-Za-z0-9_.\-/]*/y;
const OPERATOR = /<=|>=|=|<|>/y;
const WORD = /[A-Za-z]+/y;
const NUMBER = /-?[0-9]+(?:\.[0-9]+)?/y;
const STRING = /'([^']*)'/y;

/**
 * Parses a query of CometBFT's event language: conditions joined by AND, each `key op value` with the operators
 * = < <= > >= CONTAINS EXISTS and a value in single quotes or a bare number. The words may be in either case.
 * There are no brackets, no OR, and no escapes: a text can't hold a single quote.
 * @throws QuerySyntaxError, and nothing else.
 */
export function parseQuery(text: string): readonly Condition[] {
  if (text.length > MAX_QUERY_LENGTH) {
    throw new QuerySyntaxError(MAX_QUERY_LENGTH, `a query has at most ${MAX_QUERY_LENGTH} characters`);
  }
  let position = 0;

  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = position;
    const found = pattern.exec(text);
    if (found === null) return undefined;
    position = pattern.lastIndex;
    return found;
  };
  const fail = (expected: string): never => {
    const found = position >= text.length ? "the end" : JSON.stringify(text.slice(position, position + 20));
    throw new QuerySyntaxError(position, `${expected} expected, found ${found}`);
  };
  const string = (): string | undefined => take(STRING)?.[1];

  const value = (key: string, op: EventCondition["op"]): Condition => {
    take(SPACE);
    const quoted = string();
    if (quoted !== undefined) {
      if (op !== "=" && op !== "CONTAINS") {
        const number = /^-?[0-9]+(?:\.[0-9]+)?$/.test(quoted);
        if (!number) fail(`after ${op} a number is`);
      }
      return { key, op, value: quoted, number: op !== "=" && op !== "CONTAINS" };
    }
    if (op === "CONTAINS") fail("a text in single quotes is");
    const start = position;
    const number = take(NUMBER)?.[0] ?? fail("a text in single quotes or a number is");
    if (number.length > MAX_NUMBER_LENGTH) {
      throw new QuerySyntaxError(start, `a number has at most ${MAX_NUMBER_LENGTH} characters`);
    }
    return { key, op, value: number, number: true };
  };

  const condition = (): Condition => {
    take(SPACE);
    const key = take(KEY)?.[0] ?? fail("a key such as tm.event is");
    take(SPACE);
    const symbol = take(OPERATOR)?.[0];
    if (symbol !== undefined) return value(key, symbol as EventCondition["op"]);
    const start = position;
    switch (take(WORD)?.[0].toUpperCase()) {
      case "CONTAINS":
        return value(key, "CONTAINS");
      case "EXISTS":
        return { key, op: "EXISTS", value: "", number: false };
      default:
        position = start;
        return fail("an operator (= < <= > >= CONTAINS EXISTS) is");
    }
  };

  const conditions: Condition[] = [condition()];
  for (;;) {
    take(SPACE);
    if (position === text.length) return conditions;
    const start = position;
    if (take(WORD)?.[0].toUpperCase() !== "AND") {
      position = start;
      fail("AND or the end is");
    }
    if (conditions.length === MAX_CONDITIONS) {
      throw new QuerySyntaxError(start, `a query has at most ${MAX_CONDITIONS} conditions`);
    }
    conditions.push(condition());
  }
}
