import { type Exactness, exactness, type OperatorVerdict } from "../engine/exactness/exactness.ts";
import { MalformedModelError } from "../engine/onnx-wire.ts";
import { UserError } from "../user-error.ts";

function table(rows: readonly (readonly string[])[]): string[] {
  const [first = []] = rows;
  const widths = first.map((_, column) => rows.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), 0));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** Names come from a stranger's file: nothing in them may move the cursor or colour the screen. */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x7e\u00a1-\uffff]/g, "?");
}

const cell = (text: string): string => printable(text).slice(0, MAX_CELL);

const MAX_CELL = 60;

/** A line for each operator, and one above them. */
export function classTable(operators: readonly OperatorVerdict[]): readonly string[] {
  const rows = operators.map(({ node, operator, verdict, reason }) => [
    cell(node),
    cell(operator),
    verdict,
    printable(reason),
  ]);
  return table([["node", "operator", "verdict", "reason"], ...rows]);
}

/** @throws UserError for bytes that are no model. */
export function prove(path: string, bytes: Uint8Array): Exactness {
  try {
    return exactness(bytes);
  } catch (error) {
    if (error instanceof MalformedModelError) throw new UserError(`${path}: ${error.message}`, { cause: error });
    throw error;
  }
}
