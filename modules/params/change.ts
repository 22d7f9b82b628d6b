import type { Params } from "../../chain/params.ts";
import { sealParams } from "../../chain/params.ts";
import { didYouMean } from "../../genesis/nearest.ts";
import { checkRules, type ParameterTable } from "../../genesis/parameters.ts";
import type { ParamChange } from "../../proto/params.ts";
import { paramsError } from "./errors.ts";

/**
 * The parameters after a list of changes, which are looked at together: of two that depend on each other, neither could be changed alone.
 * @throws TxError params 2 for a name that is not in the table; 3 for a value out of its range, a name that stands twice, or a rule between
 *   parameters that would be broken (the same rules as at genesis); 4 for no change.
 */
export function changedParams(table: ParameterTable, current: Params, changes: readonly ParamChange[]): Params {
  if (changes.length === 0) throw paramsError("empty", "no parameter is named");
  const values = new Map(current);
  const seen = new Set<string>();
  for (const { name, value } of changes) {
    const row = table.get(name);
    const shown = name.slice(0, 100);
    if (row === undefined) throw paramsError("unknown", `no parameter ${shown}${didYouMean(shown, table.keys())}`);
    if (seen.has(name)) throw paramsError("refused", `${name} stands twice`);
    seen.add(name);
    if (value < row.min || value > row.max) {
      throw paramsError("refused", `${name} = ${value} ${row.unit} is out of range: ${row.min} to ${row.max}`);
    }
    values.set(name, value);
  }
  const broken: string[] = [];
  checkRules(values, (path, message) => broken.push(`${path.slice("params.".length)} ${message}`));
  if (broken.length > 0) throw paramsError("refused", broken.join("; "));
  return sealParams(values);
}
