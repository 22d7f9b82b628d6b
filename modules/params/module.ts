import type { Module } from "../../chain/module.ts";
import { defineParams } from "../../chain/params.ts";
import { type ParameterModule, type ParameterTable, parameterTable } from "../../genesis/parameters.ts";
import { readObject } from "../genesis-section.ts";
import { updateParamsMessage } from "./messages/update-params.ts";
import { paramsQueries } from "./queries.ts";

/**
 * The module over the parameters of all others. Their values are the chain's own state, which the executor reads before each block
 * (chain/executor/chain-state.ts); genesis gives them in a part of the document of their own.
 * @param others every other module of the chain.
 */
export function paramsModule(others: readonly ParameterModule[]): Module {
  let made: ParameterTable | undefined;
  const table = (): ParameterTable => {
    made ??= parameterTable(others);
    return made;
  };
  return {
    name: "params",
    params: defineParams("params", {}),
    messages: [updateParamsMessage(table)],
    queries: paramsQueries(table),
    stored: {},
    genesis: {
      validate(section, _spec, report) {
        readObject(section, "params", report, []);
      },
      init: () => undefined,
    },
  };
}
